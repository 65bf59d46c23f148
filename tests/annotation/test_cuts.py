"""Split and join: new segments in the old ones' place, nothing lost, nobody's work taken."""

import pytest

from accounts.models import Role
from annotation.models import Draft, Hypothesis, Segment, SegmentStatus
from annotation.selectors.origins import first_successor, origin_texts
from annotation.selectors.pages import with_progress
from annotation.selectors.segments import segment_context
from annotation.services import cuts
from annotation.services.cuts import segment_merge, segment_split
from annotation.services.labels import draft_save, label_submit
from annotation.services.queue import segment_claim, segment_claim_next, segment_release
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from base.jobs import Job
from inference.services import drafts
from tests.factories import (
    make_hypothesis,
    make_label,
    make_live_model,
    make_recording,
    make_segment,
    make_user,
)

pytestmark = pytest.mark.django_db

TEXT = "服用 met forming 五百毫克"


@pytest.fixture
def recording(cast):
    return make_recording(cast.site, audio=True, duration_ms=20_000)


@pytest.fixture
def segment(recording, cast):
    """Held by the annotator, spoken from 4 to 10 s with a pause at 2.0 to 2.6 s of its own time."""
    segment = make_segment(
        recording, 4000, 10_000, text=TEXT, speech_spans=[[100, 2000], [2600, 6000]], snr_db=12.0
    )
    return segment_claim(user=cast.annotator, segment=segment)


def split(cast, segment, text=TEXT, **place):
    return segment_split(user=cast.annotator, segment=segment, text=text, active_edit_ms=700, **place)


def merge(cast, segment, side, text):
    return segment_merge(user=cast.annotator, segment=segment, side=side, text=text, active_edit_ms=700)


def editable(segment, user):
    draft = Draft.objects.filter(segment=segment, author=user).first()
    return draft.text if draft else segment.hypothesis.text


def test_a_split_gives_each_side_its_sound_its_words_and_its_text(cast, segment) -> None:
    typed = "服用 Metformin 五百毫克"
    left, right = split(cast, segment, typed, caret=typed.index("五"))
    assert (left.start_ms, right.end_ms, left.end_ms) == (4000, 10_000, right.start_ms)
    assert (editable(left, cast.annotator), editable(right, cast.annotator)) == (
        "服用 Metformin ",
        "五百毫克",
    )
    assert (left.hypothesis.text, right.hypothesis.text) == ("服用 met forming ", "五百毫克")
    assert right.hypothesis.words[0]["start_ms"] < 1000  # counted from its own start
    assert {left.status, right.status} == {SegmentStatus.CLAIMED}
    assert left.claimed_by == right.claimed_by == cast.annotator
    assert all(part.expected_seconds > 0 and part.reasons is not None for part in (left, right))
    assert None not in (left.speech_ms, right.speech_ms, left.snr_db, right.snr_db)


def test_the_cut_goes_into_the_pause_and_speech_is_parted_with_it(cast, segment) -> None:
    left, right = split(cast, segment, at_ms=2300)
    assert (left.speech_spans, right.speech_spans) == ([[100, 2000]], [[300, 3700]])
    assert (left.speech_ms, right.speech_ms) == (1900, 3400)


def test_the_old_segment_stays_with_what_was_heard_and_written(cast, segment) -> None:
    draft_save(user=cast.annotator, segment=segment, text="自己寫的", base_version=0, active_edit_ms=5)
    left, _ = split(cast, segment, "自己寫的字", caret=2)
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.REPLACED and segment.claimed_by is None
    assert segment.hypotheses.get().text == TEXT
    assert first_successor(segment) == left
    assert [(one.kind, one.text) for one in origin_texts(left, cast.annotator)] == [
        ("draft", "自己寫的字"),
        ("heard", TEXT),
    ]
    entry = Entry.objects.get(verb="segment_split")
    assert entry.actor == cast.annotator and entry.detail["parts"][0] == str(left.uuid)


def test_the_drafts_of_the_parts_say_what_they_were_made_from(cast, segment) -> None:
    left, _ = split(cast, segment, caret=3)
    assert left.hypothesis.model_ref == "fake:test"
    assert left.hypothesis.settings == {"cut_from": [str(segment.uuid)]}


def test_a_worker_drafts_the_parts_again_when_they_are_free(
    cast, segment, asked, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        left, right = split(cast, segment, caret=3)
    assert asked == [(Job.SEGMENT_DRAFT, left.pk), (Job.SEGMENT_DRAFT, right.pk)]
    assert not drafts.segment_draft(segment=right)  # no model is live yet
    make_live_model("fake:兩週後回診")
    assert drafts.segment_draft(segment=right)
    right.refresh_from_db()
    assert right.hypothesis.text != "兩週後回診"  # in hand: what is looked at does not change
    segment_release(user=cast.annotator, segment=right)
    right.refresh_from_db()
    assert right.hypothesis.text == "兩週後回診"


def test_after_the_left_part_the_right_one_is_served(cast, segment) -> None:
    make_segment(segment.recording, 11_000, 12_000, text="別的", priority=99)
    left, right = split(cast, segment, caret=3)
    assert segment_claim_next(user=cast.annotator) == left
    label_submit(user=cast.annotator, segment=left, text="服用", version=0, active_edit_ms=1)
    assert segment_claim_next(user=cast.annotator) == right


@pytest.mark.parametrize("caret", [1, 4, 6, 7, 12, 16])
def test_a_join_takes_a_split_back_to_the_letter(cast, segment, caret) -> None:
    left, _ = split(cast, segment, caret=caret)
    joined, seam = merge(cast, left, "next", editable(left, cast.annotator))
    assert editable(joined, cast.annotator) == TEXT
    assert (joined.start_ms, joined.end_ms, joined.hypothesis.text) == (4000, 10_000, TEXT)
    assert joined.speech_spans == segment.speech_spans
    known = ("text", "start_ms", "end_ms", "probability")
    kept = [{name: word[name] for name in known} for word in joined.hypothesis.words]
    assert kept == segment.hypothesis.words
    assert seam == len(editable(left, cast.annotator))


def test_a_split_takes_a_join_back(cast, segment) -> None:
    make_segment(segment.recording, 10_500, 12_000, text="take daily")
    joined, seam = merge(cast, segment, "next", "服用 aspirin")
    assert editable(joined, cast.annotator) == "服用 aspirin take daily"
    left, right = split(cast, joined, editable(joined, cast.annotator), caret=seam)
    texts = [editable(part, cast.annotator).strip() for part in (left, right)]
    assert texts == ["服用 aspirin", "take daily"]
    assert 8_000 < left.end_ms < 11_500  # near where the two met, as far as the times of the words tell


def test_a_join_takes_the_neighbours_own_draft_and_the_time_spent_on_it(cast, segment) -> None:
    before = make_segment(segment.recording, 1000, 3800, text="病人今天")
    draft_save(user=cast.annotator, segment=before, text="病人今日", base_version=0, active_edit_ms=2000)
    joined, seam = merge(cast, segment, "previous", TEXT)
    assert (editable(joined, cast.annotator), seam) == ("病人今日" + TEXT, 4)
    assert Draft.objects.get(segment=joined).active_edit_ms == 2700
    assert joined.hypothesis.words[-1]["end_ms"] <= joined.duration_ms
    assert Segment.objects.current().count() == 1


def test_neighbours_stand_in_the_order_of_time_after_a_split(cast, segment) -> None:
    make_segment(segment.recording, 11_000, 12_000, text="之後")
    left, right = split(cast, segment, caret=3)
    context = segment_context(right)
    assert (context.previous.uuid, context.next.text) == (left.uuid, "之後")
    assert segment_context(left).previous is None
    recording = with_progress(type(segment.recording).objects.all()).get()
    assert recording.segment_count == 3


def refused(call, code) -> None:
    before = list(Segment.objects.order_by("pk").values_list("pk", "status"))
    with pytest.raises(DomainError) as error:
        call()
    assert error.value.code == code and error.value.message
    assert list(Segment.objects.order_by("pk").values_list("pk", "status")) == before


@pytest.mark.parametrize(
    "place", [{"at_ms": 0}, {"at_ms": 299}, {"at_ms": 5800}, {"caret": 0}, {"caret": 99}]
)
def test_no_part_is_shorter_than_a_word(cast, segment, place) -> None:
    refused(lambda: split(cast, segment, **place), "part_too_short")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (SegmentStatus.DONE, "neighbour_done"),
        (SegmentStatus.UNUSABLE, "neighbour_unusable"),
        (SegmentStatus.WAITING, "neighbour_waiting"),
    ],
)
def test_a_neighbour_that_is_decided_or_not_ready_is_left_alone(cast, segment, status, code) -> None:
    make_segment(segment.recording, 11_000, 12_000, text="之後", status=status)
    refused(lambda: merge(cast, segment, "next", TEXT), code)


def test_a_neighbour_in_other_hands_is_left_alone(cast, segment) -> None:
    colleague = make_user(Role.EXPERT, site=cast.site)
    after = make_segment(segment.recording, 11_000, 12_000, text="之後")
    segment_claim(user=colleague, segment=after)
    refused(lambda: merge(cast, segment, "next", TEXT), "neighbour_held")


def test_nothing_longer_than_a_recogniser_hears_at_once(cast, segment) -> None:
    make_segment(segment.recording, 11_000, 35_000, text="很長")
    refused(lambda: merge(cast, segment, "next", TEXT), "joined_too_long")
    refused(lambda: merge(cast, segment, "previous", TEXT), "no_neighbour")


def test_a_corrected_segment_is_not_cut_any_more(cast, segment) -> None:
    make_label(segment, TEXT)
    refused(lambda: split(cast, segment, caret=3), "already_corrected")


def test_what_somebody_else_holds_is_not_cut(cast, segment) -> None:
    colleague = make_user(Role.EXPERT, site=cast.site)
    refused(lambda: segment_split(user=colleague, segment=segment, text=TEXT, caret=3), "held_by_other")
    with pytest.raises(Forbidden):
        segment_split(user=cast.outsider, segment=segment, text=TEXT, caret=3)


def test_a_second_split_of_the_same_segment_finds_it_replaced(cast, segment) -> None:
    split(cast, segment, caret=3)
    refused(lambda: split(cast, segment, caret=3), "replaced")


def test_what_a_forgotten_tab_sends_later_is_kept_but_no_label(cast, segment) -> None:
    left, _ = split(cast, segment, caret=3)
    draft_save(user=cast.annotator, segment=segment, text="太晚了", base_version=0, active_edit_ms=1)
    with pytest.raises(Conflict) as error:
        label_submit(user=cast.annotator, segment=segment, text="太晚了", version=0, active_edit_ms=1)
    assert error.value.code == "replaced" and error.value.detail["yours"] == "太晚了"
    assert "太晚了" in [one.text for one in origin_texts(left, cast.annotator)]


def test_a_failure_in_the_middle_changes_nothing(cast, segment, monkeypatch) -> None:
    monkeypatch.setattr(cuts, "entry_add", lambda **_: 1 / 0)
    before = Hypothesis.objects.count()
    with pytest.raises(ZeroDivisionError):
        split(cast, segment, caret=3)
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.CLAIMED
    assert (Segment.objects.count(), Hypothesis.objects.count()) == (1, before)


def test_a_segment_without_a_draft_can_be_split_too(cast, recording) -> None:
    bare = segment_claim(user=cast.annotator, segment=make_segment(recording, 0, 3000))
    left, right = split(cast, bare, "一二", caret=1)
    assert (editable(left, cast.annotator), editable(right, cast.annotator)) == ("一", "二")
    assert left.end_ms == 1500 and left.hypothesis is None


def test_what_was_asked_to_be_heard_never_becomes_the_draft(cast, segment) -> None:
    make_hypothesis(segment, "只是建議", current=False, asked_by=cast.annotator)
    segment_release(user=cast.annotator, segment=segment)
    segment.refresh_from_db()
    assert segment.hypothesis.text == TEXT
