"""A session in the queue while it is spoken, and a recording with the same ids when it has ended."""

import wave
from uuid import uuid4

import numpy as np
import pytest

from accounts.models import LiveConsent, Role
from annotation.models import Recording, RecordingSource, RecordingStatus, Segment, SegmentStatus
from annotation.services import live
from annotation.services.cuts import segment_split
from annotation.services.live import missed_speech
from annotation.services.queue import segment_claim
from base.jobs import Job
from base.storage import data_path
from inference.models import LiveSession, LiveSessionStatus, utterance_uuid
from inference.services import growing
from inference.services.growing import session_grow, session_store, sessions_resume
from inference.services.sessions import session_end, session_open
from inference.services.spool import Spool, spool_remove
from inference.services.utterances import Entry, utterances_keep
from speech.audio import read_flac
from speech.types import Span
from tests.factories import make_live_model, make_site, make_user
from tests.inference.finals import heard
from tests.inference.streaming.sounds import pcm, silence, tone

pytestmark = pytest.mark.django_db
SOUND = pcm(silence(0.5), tone(2), silence(1), tone(2), silence(1), tone(2), silence(0.5))
SPEECH = [Span(500, 2500), Span(3500, 5500), Span(6500, 8500)]


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list:
    """Jobs that were asked for; and a detector of voices that hears the tones."""
    jobs: list = []
    for module in ("inference.services.sessions", "inference.services.growing", "annotation.services.live"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda job, pk: jobs.append((job, pk)))
    monkeypatch.setattr(live, "speech_spans", loud_spans)
    return jobs


def loud_spans(samples: np.ndarray) -> list[Span]:
    frames = np.abs(samples[: len(samples) // 1600 * 1600]).reshape(-1, 1600).max(axis=1) > 0.01
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames, [0]])))
    return [Span(int(a) * 100, int(b) * 100) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.fixture
def session() -> LiveSession:
    site = make_site()
    make_live_model()
    return session_open(user=make_user(Role.CLINICIAN, site=site), site=site, holder=uuid4())


def speak(session: LiveSession, sound: bytes) -> None:
    spool = Spool(session.spool_path)
    spool.append([sound[at : at + 3200] for at in range(0, len(sound), 3200)])
    spool.close()


def ended(session: LiveSession) -> LiveSession:
    session_end(session=session)
    return LiveSession.objects.select_related("site", "user", "model", "recording").get(pk=session.pk)


def sure(index: int, text: str = "病人血壓一百四十") -> Entry:
    return heard(index, text, SPEECH[index].start_ms, probability=0.99, ms=2000)


def doubtful(index: int) -> Entry:
    return heard(index, "病人心電圖有異常", SPEECH[index].start_ms, probability=0.5, ms=2000)


def test_an_uncertain_utterance_is_in_the_queue_while_the_session_runs(session):
    speak(session, SOUND[: 6000 * 32])
    utterances_keep(session=session, entries=[sure(0), doubtful(1)])
    assert session_grow(session=session) == 1
    segment = Segment.objects.get()
    assert segment.uuid == utterance_uuid(session.uuid, 1)
    assert (segment.status, segment.hypothesis.text) == (SegmentStatus.OPEN, "病人心電圖有異常")
    assert segment.priority > 0
    assert (segment.start_ms, segment.end_ms, segment.speech_ms) == (3500, 5500, 2000)
    recording = segment.recording
    assert (recording.uuid, recording.status) == (session.uuid, RecordingStatus.GROWING)
    assert len(read_flac(data_path(recording.audio_path))) == recording.duration_ms * 16 == 6000 * 16
    expert = make_user(Role.EXPERT, site=session.site)
    assert segment_claim(user=expert, segment=segment).claimed_by == expert


def test_growing_again_adds_what_is_new_and_nothing_twice(session):
    speak(session, SOUND[: 6000 * 32])
    utterances_keep(session=session, entries=[doubtful(1)])
    assert (session_grow(session=session), session_grow(session=session)) == (1, 0)
    speak(session, SOUND[6000 * 32 :])
    utterances_keep(session=session, entries=[doubtful(2)])
    assert session_grow(session=session) == 1
    recording = Recording.objects.get()
    assert recording.segments.count() == 2
    assert recording.duration_ms == len(SOUND) // 32


def test_the_speech_of_neighbours_is_counted_once(session):
    speak(session, pcm(silence(0.5), tone(2), silence(0.3), tone(2), silence(0.5)))
    near = heard(1, "病人心電圖有異常", 2800, probability=0.5, ms=2000)
    utterances_keep(session=session, entries=[doubtful(0), near])
    assert session_grow(session=session) == 2
    assert [one.speech_ms for one in Segment.objects.order_by("start_ms")] == [2000, 2000]


def test_nothing_grows_of_what_is_sure(session):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0)])
    assert session_grow(session=session) == 0
    assert not Recording.objects.exists()


def test_text_that_was_rejected_waits_for_an_expert_with_its_flags(session):
    speak(session, SOUND)
    rejected = heard(0, "", 500, rejected="謝謝觀看謝謝觀看謝謝觀看謝謝觀看", ms=2000)
    utterances_keep(session=session, entries=[rejected])
    assert session_grow(session=session) == 1
    hypothesis = Segment.objects.get().hypothesis
    assert hypothesis.text.startswith("謝謝觀看")
    assert "repetition" in hypothesis.flags
    assert session.utterances.get().text == ""


def test_without_consent_nothing_leaves_the_session(session, asked):
    LiveSession.objects.update(consent=LiveConsent.OFF)
    session.refresh_from_db()
    speak(session, SOUND)
    utterances_keep(session=session, entries=[doubtful(0)])
    assert session_grow(session=session) == 0
    over = ended(session)
    assert session_store(session=over) is None
    over.refresh_from_db()
    assert over.status == LiveSessionStatus.PRIVATE
    assert not Recording.objects.exists()
    assert data_path(over.spool_path).exists()
    assert over.utterances.get().text == "病人心電圖有異常"


def test_a_site_without_consent_says_so_to_each_new_session():
    site = make_site()
    site.live_consent = LiveConsent.OFF
    site.save()
    make_live_model()
    session = session_open(user=make_user(Role.CLINICIAN, site=site), site=site, holder=uuid4())
    assert session.consent == LiveConsent.OFF


def test_sound_that_somebody_deleted_does_not_leave_a_session_growing_for_ever(session, asked):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0), doubtful(1)])
    session_grow(session=session)
    over = ended(session)
    spool_remove(over.spool_path)
    recording = session_store(session=over)
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.DRAFTED
    assert "gone from the disk" in recording.error
    assert recording.segments.get().hypothesis.text == "病人心電圖有異常"
    assert LiveSession.objects.get().status == LiveSessionStatus.STORED


def test_the_ended_session_is_a_recording_with_the_same_ids_and_its_own_texts(session, asked):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0), doubtful(1), sure(2)])
    session_grow(session=session)
    recording = session_store(session=ended(session))
    recording.refresh_from_db()
    session.refresh_from_db()
    assert (session.status, session.recording) == (LiveSessionStatus.STORED, recording)
    assert (recording.uuid, recording.source) == (session.uuid, RecordingSource.LIVE)
    assert recording.status == RecordingStatus.DRAFTED
    segments = list(recording.segments.order_by("start_ms"))
    assert [one.uuid for one in segments] == [utterance_uuid(session.uuid, index) for index in range(3)]
    hypothesis = segments[0].hypothesis
    assert (hypothesis.text, hypothesis.model_ref) == ("病人血壓一百四十", session.model.ref)
    assert (hypothesis.words[0]["start_ms"], hypothesis.words[0]["probability"]) == (0, 0.99)
    assert hypothesis.settings["by"] == "live"
    assert (hypothesis.avg_logprob, hypothesis.tokens) == (-0.1, [["病人血壓一百四十", -0.1]])
    assert hypothesis.normaliser_version
    assert (Job.RECORDING_DRAFT, recording.pk) not in asked  # the same model has heard it already
    with wave.open(str(data_path(recording.original_path))) as original:
        assert original.readframes(original.getnframes()) == SOUND
    assert not list(data_path("live").glob(f"{session.uuid}*"))


def test_a_worker_that_died_before_it_deleted_the_sound_leaves_that_to_the_next(session, asked, monkeypatch):
    speak(session, SOUND)
    with monkeypatch.context() as patched:
        patched.setattr(growing, "spool_remove", lambda path: None)
        session_store(session=ended(session))
    assert list(data_path("live").glob(f"{session.uuid}*"))
    session_store(session=LiveSession.objects.get())
    assert not list(data_path("live").glob(f"{session.uuid}*"))


def test_what_nobody_has_heard_is_drafted_by_a_worker(session, asked):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0), Entry(1, 3500, 5500)])
    recording = session_store(session=ended(session))
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.SEGMENTED
    waiting = recording.segments.filter(status=SegmentStatus.WAITING).order_by("start_ms")
    assert waiting[0].uuid == utterance_uuid(session.uuid, 1)
    covered = [(one.start_ms <= 6500, one.end_ms >= 8500) for one in waiting][1:]
    assert covered == [(True, True)]  # speech that no utterance covered
    assert (Job.RECORDING_DRAFT, recording.pk) in asked


def test_storing_that_was_cut_short_goes_on(session, monkeypatch):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0), doubtful(1), sure(2)])
    over = ended(session)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(live, "missed_speech", interrupted)
        session_store(session=over)
    recording = session_store(session=over)
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.DRAFTED
    assert recording.segments.count() == 3
    assert all(one.hypotheses.count() == 1 for one in recording.segments.all())
    assert session_store(session=over) == recording


def interrupted(*_):
    raise KeyboardInterrupt


def test_storing_killed_after_the_recording_was_complete_is_finished(session):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0)])
    over = ended(session)
    first = session_store(session=over)
    LiveSession.objects.update(status=LiveSessionStatus.ENDED)  # as if killed before the row, the sound gone
    over.refresh_from_db()
    assert session_store(session=over) == first
    over.refresh_from_db()
    assert over.status == LiveSessionStatus.STORED


def test_an_expert_who_splits_a_segment_of_a_growing_recording_takes_no_number_away(session):
    speak(session, SOUND)
    utterances_keep(session=session, entries=[doubtful(0)])
    session_grow(session=session)
    expert = make_user(Role.EXPERT, site=session.site)
    segment = segment_claim(user=expert, segment=Segment.objects.select_related("recording__site").get())
    segment_split(user=expert, segment=segment, text="病人心電圖有異常", caret=4)
    utterances_keep(session=session, entries=[doubtful(1), sure(2)])
    recording = session_store(session=ended(session))
    current = recording.segments.current().order_by("start_ms")
    assert [(one.start_ms, one.end_ms) for one in current][-2:] == [(3500, 5500), (6500, 8500)]
    assert current.count() == 4


def test_two_dictations_of_the_same_sound_are_two_recordings(session):
    again = session_open(user=session.user, site=session.site, holder=uuid4())
    for one in (session, again):
        speak(one, SOUND)
        utterances_keep(session=one, entries=[sure(0)])
        session_store(session=ended(one))
    assert Recording.objects.count() == 2


def test_a_session_without_speech_is_a_recording_that_says_so(session):
    speak(session, pcm(silence(2)))
    recording = session_store(session=ended(session))
    recording.refresh_from_db()
    assert (recording.status, recording.segments.count()) == (RecordingStatus.SEGMENTED, 0)
    assert "No speech" in recording.error


def test_sessions_whose_worker_was_killed_are_asked_for_again(session, asked):
    speak(session, SOUND)
    ended(session)
    asked.clear()
    assert sessions_resume() == 1
    assert asked == [(Job.SESSION_STORE, session.pk)]


def test_missed_speech_lies_apart_from_what_is_covered():
    samples = np.zeros(10_000 * 16, dtype=np.float32)
    missed = missed_speech(samples, SPEECH, [Span(400, 2600), Span(6400, 8000)])
    assert len(missed) == 2
    assert missed[0].start_ms >= 2600 and missed[0].end_ms <= 6400
    assert missed[0].start_ms <= 3500 and missed[0].end_ms >= 5500
    assert missed[1].start_ms >= 8000
