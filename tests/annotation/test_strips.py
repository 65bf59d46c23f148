"""Speech without words, words without speech: from stored values, by a worker where they are missing."""

import pytest
from django.core.cache import cache

from annotation import tasks
from annotation.models import Segment
from annotation.selectors.strips import strips_of
from base.jobs import Job
from tests.annotation.sounds import spoken
from tests.factories import make_hypothesis, make_recording, make_segment

pytestmark = pytest.mark.django_db


def words(*rows: tuple[str, int, int]) -> list[dict]:
    return [{"text": t, "start_ms": a, "end_ms": b, "probability": 0.9} for t, a, b in rows]


def segment_with(speech, *rows, text=None) -> Segment:
    segment = make_segment(end_ms=10_000, speech_spans=speech)
    said = "".join(row[0] for row in rows) if text is None else text
    make_hypothesis(segment, said, words=words(*rows))
    return segment


def test_speech_that_has_no_words_is_found() -> None:
    segment = segment_with([[0, 2000], [4000, 6000]], ("血", 100, 900), ("壓", 900, 1900))
    assert strips_of(segment) == {"unwritten": [[4000, 6000]], "unspoken": []}


def test_words_where_nobody_speaks_are_found_with_their_text() -> None:
    segment = segment_with(
        [[0, 1000]], ("血", 0, 900), ("謝", 5000, 5200), ("thank", 5200, 5400), ("you", 5400, 5600)
    )
    [one] = strips_of(segment)["unspoken"]
    assert (one["start_ms"], one["end_ms"], one["text"]) == (5000, 5600, "謝thank you")


def test_an_empty_draft_leaves_all_speech_unwritten() -> None:
    assert strips_of(segment_with([[500, 3000]]))["unwritten"] == [[500, 3000]]


def test_nothing_is_claimed_without_word_times_or_without_the_voice_detector() -> None:
    assert strips_of(segment_with([[0, 1000]], text="有字")) is None
    assert strips_of(segment_with(None, ("血", 0, 900))) is None
    assert strips_of(make_segment(speech_spans=[[0, 1000]])) is None


def test_older_segments_are_listened_to_by_a_worker_when_somebody_looks(
    client, cast, asked, django_capture_on_commit_callbacks, settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    recording = make_recording(cast.site, samples=spoken())
    cache.clear()  # it remembers what was asked for, and keys come again in tests
    old = make_segment(recording, 1000, 6000, text="病人")
    client.force_login(cast.annotator)
    with django_capture_on_commit_callbacks(execute=True):
        answers = [client.get(f"/segments/{old.uuid}/strips.json").json() for _ in range(2)]
    assert answers == [{"strips": None, "pending": True}] * 2
    assert asked == [(Job.RECORDING_LISTEN, recording.pk)]  # once, however often the page asks
    tasks.listen(recording.pk)
    old.refresh_from_db()
    assert old.speech_spans and all(0 <= a < b <= 5000 for a, b in old.speech_spans)
    assert client.get(f"/segments/{old.uuid}/strips.json").json()["strips"] is not None


def test_what_is_ingested_now_has_it_at_once() -> None:
    from annotation.services import sound

    recording = make_recording(samples=spoken(), status="normalised")
    sound.recording_segment(recording=recording)
    for segment in recording.segments.all():
        assert sum(b - a for a, b in segment.speech_spans) == segment.speech_ms > 500


def test_a_recording_without_sound_is_passed_over() -> None:
    segment = make_segment()
    tasks.listen(segment.recording_id)
    segment.refresh_from_db()
    assert segment.speech_spans is None
