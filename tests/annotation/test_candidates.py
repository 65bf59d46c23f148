"""What the ranking is told: of other models only what came before, of corrections what is newest."""

from annotation.models import LabelStatus
from annotation.ranking.diversity import pairs_of
from annotation.selectors.calibrations import knowledge_of
from annotation.selectors.candidates import other_texts
from annotation.services.terms import term_add
from tests.factories import Cast, make_hypothesis, make_label, make_recording, make_segment


def test_another_model_counts_when_it_was_heard_before_the_draft(cast: Cast) -> None:
    segment = make_segment(make_recording(cast.site), 0, 3000)
    make_hypothesis(segment, "最早", model_ref="oldest", current=False)
    make_hypothesis(segment, "早", model_ref="base", current=False)
    make_hypothesis(segment, "同一個", model_ref="live", current=False)
    make_hypothesis(segment, "問的", model_ref="base", current=False, asked_by=cast.annotator)
    make_hypothesis(segment, "草稿", model_ref="live")
    # Heard since, perhaps by a model that has learned from the correction of this very segment.
    make_hypothesis(segment, "之後", model_ref="tuned", current=False)
    assert other_texts([segment]) == {segment.pk: "早"}


def test_where_one_model_alone_has_heard_it_there_is_no_other(cast: Cast) -> None:
    segment = make_segment(make_recording(cast.site), 0, 3000, text="草稿")
    undrafted = make_segment(make_recording(cast.site), 0, 3000)
    assert other_texts([segment, undrafted]) == {}


def test_what_is_known_follows_every_label_and_every_term(cast: Cast) -> None:
    def said() -> tuple[int, int]:
        known = knowledge_of(cast.site.pk, "fake:test")
        return known.pairs[min(pairs_of("頭痛"))], known.terms["頭痛"]

    recording = make_recording(cast.site)
    assert said() == (0, 0)
    make_label(make_segment(recording, 0, 2000, text="頭"), "病人頭痛", author=cast.annotator)
    assert said() == (1, 0)
    term_add(user=None, site=cast.site, text="頭痛", aliases="", kind="diagnosis")
    assert said() == (1, 1)
    make_label(make_segment(recording, 2000, 4000, text="頭"), "頭痛頭痛", author=cast.annotator)
    assert said() == (2, 2)  # texts that say it, not how often they do
    rejected = make_segment(recording, 4000, 6000, text="頭")
    make_label(rejected, "不是頭痛", author=cast.annotator, status=LabelStatus.REJECTED)
    assert said() == (2, 2)
