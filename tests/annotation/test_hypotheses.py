"""What a model heard is stored with its maker, flagged, ranked; nobody's work in hand is touched."""

import pytest

from annotation.models import Hypothesis, RecordingStatus, Segment, SegmentStatus
from annotation.services.hypotheses import hypotheses_store
from speech import types
from speech.text import NORMALISER_VERSION
from speech.types import Token, Word
from tests.factories import make_label, make_recording, make_segment

pytestmark = pytest.mark.django_db


def heard(text: str, probability: float = 0.8) -> types.Hypothesis:
    step_ms = 900 // max(1, len(text))
    words = tuple(Word(c, i * step_ms, (i + 1) * step_ms, probability) for i, c in enumerate(text))
    tokens = tuple(Token(c, -0.2) for c in text)
    return types.Hypothesis(text, tokens, words, -0.2, 0.01, 1.1, "zh")


def store(*results: tuple[Segment, types.Hypothesis]) -> int:
    return hypotheses_store(
        results=list(results), model_ref="model-1", adapter_ref="adapter-1", settings={"window": "speech"}
    )


def test_a_hypothesis_keeps_everything_and_who_made_it() -> None:
    segment = make_segment(status=SegmentStatus.WAITING, end_ms=2000, speech_ms=1800)
    store((segment, heard("有發燒嗎")))
    row = Hypothesis.objects.get()
    assert (row.text, row.model_ref, row.adapter_ref) == ("有發燒嗎", "model-1", "adapter-1")
    assert row.settings == {"window": "speech"} and row.normaliser_version == NORMALISER_VERSION
    assert row.words[0] == {
        "text": "有",
        "start_ms": 0,
        "end_ms": 225,
        "probability": 0.8,
        "entropy": None,
        "margin": None,
        "alternatives": [],
    }
    assert row.tokens[1] == ["發", -0.2]
    assert row.speech_rates_cps == {"zh": 2.0, "en": 0.0, "all": 2.0}
    assert (row.avg_logprob, row.no_speech_prob, row.compression_ratio) == (-0.2, 0.01, 1.1)


def test_a_waiting_segment_opens_with_its_place_in_the_queue() -> None:
    segment = make_segment(status=SegmentStatus.WAITING, end_ms=2000)
    assert store((segment, heard("有發燒嗎"))) == 1
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.OPEN
    assert segment.hypothesis.text == "有發燒嗎"
    assert segment.priority > 0 and segment.expected_errors > 0 and segment.expected_seconds > 0
    assert segment.speech_rate_cps == 2.0
    assert "likely_errors" in [reason["code"] for reason in segment.reasons]


def test_flags_are_stored_and_raise_the_priority() -> None:
    plain, loop = (make_segment(status=SegmentStatus.WAITING, end_ms=3000, index=i) for i in range(2))
    store((plain, heard("病人今天沒有發燒", 0.99)), (loop, heard("謝謝謝謝謝謝謝謝謝謝", 0.99)))
    plain.refresh_from_db()
    loop.refresh_from_db()
    assert plain.hypothesis.flags == [] and "repetition" in loop.hypothesis.flags
    assert loop.expected_errors > plain.expected_errors


def test_a_new_model_replaces_the_draft_of_an_open_segment_and_keeps_the_old_one() -> None:
    segment = make_segment(text="舊的草稿")
    store((segment, heard("新的草稿")))
    segment.refresh_from_db()
    assert segment.hypothesis.text == "新的草稿"
    assert segment.hypotheses.count() == 2


@pytest.mark.parametrize("status", [SegmentStatus.CLAIMED, SegmentStatus.DONE, SegmentStatus.UNUSABLE])
def test_what_a_person_has_in_hand_or_decided_is_left_alone(status: str) -> None:
    segment = make_segment(text="手上的草稿", status=status, priority=0.25)
    assert store((segment, heard("新的草稿"))) == 0
    segment.refresh_from_db()
    assert (segment.status, segment.hypothesis.text, segment.priority) == (status, "手上的草稿", 0.25)


def test_a_claim_that_came_while_the_model_was_decoding_wins() -> None:
    """The decoder's copy of the row is old: what counts is the row as it is now."""
    segment = make_segment(text="手上的草稿")
    Segment.objects.filter(pk=segment.pk).update(status=SegmentStatus.CLAIMED)
    assert segment.status == SegmentStatus.OPEN
    store((segment, heard("新的草稿")))
    segment.refresh_from_db()
    assert (segment.status, segment.hypothesis.text) == (SegmentStatus.CLAIMED, "手上的草稿")


def test_a_recording_is_drafted_with_its_last_segment() -> None:
    recording = make_recording(status=RecordingStatus.SEGMENTED)
    one, two = (make_segment(recording, status=SegmentStatus.WAITING) for _ in range(2))
    store((one, heard("有")))
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.SEGMENTED
    store((two, heard("沒有")))
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.DRAFTED


def test_nothing_heard_is_a_draft_too() -> None:
    segment = make_segment(status=SegmentStatus.WAITING, end_ms=4000, speech_ms=3500)
    store((segment, types.Hypothesis("")))
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.OPEN
    assert segment.hypothesis.flags == ["speech_without_words"]
    assert segment.expected_errors > 10


def test_a_segment_that_was_deleted_meanwhile_does_not_stop_the_others() -> None:
    gone, stays = (make_segment(status=SegmentStatus.WAITING) for _ in range(2))
    Segment.objects.filter(pk=gone.pk).delete()
    assert store((gone, heard("有")), (stays, heard("沒有"))) == 1


def test_six_hundred_segments_take_few_queries(django_assert_max_num_queries) -> None:
    recording = make_recording(status=RecordingStatus.SEGMENTED)
    Segment.objects.bulk_create(
        Segment(recording=recording, site=recording.site, index=i, start_ms=i, end_ms=i + 1000)
        for i in range(600)
    )
    with django_assert_max_num_queries(60):
        assert (
            store(*((segment, heard(f"第{segment.index}句")) for segment in recording.segments.all())) == 600
        )
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.DRAFTED


def test_a_corrected_segment_keeps_the_hypothesis_that_its_label_was_measured_against() -> None:
    label = make_label(make_segment(text="病人主訴頭通"), "病人主訴頭痛")
    store((label.segment, heard("病人主訴頭痛")))
    label.refresh_from_db()
    assert label.hypothesis.text == "病人主訴頭通"
