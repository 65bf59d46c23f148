"""The life of a session, from the first word to a recording in the queue."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import Role
from annotation.models import Recording, RecordingSource
from base.errors import Forbidden, NotFound
from base.jobs import Job
from base.storage import data_path
from inference.models import LiveSession, LiveSessionStatus
from inference.services import sessions
from inference.services.sessions import (
    session_end,
    session_open,
    session_store,
    session_take_over,
    session_touch,
    sessions_end_stale,
    utterance_add,
)
from inference.services.spool import Spool
from tests.factories import make_live_model, make_site, make_user
from tests.inference.streaming.sounds import pcm, silence, tone

pytestmark = pytest.mark.django_db
SOUND = pcm(silence(0.5), tone(1), silence(0.5))


@pytest.fixture
def asked(monkeypatch) -> list:
    """Jobs that were asked for."""
    jobs: list = []
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: jobs.append((job, pk)))
    return jobs


@pytest.fixture
def session(asked) -> LiveSession:
    site = make_site()
    make_live_model()
    return session_open(user=make_user(Role.CLINICIAN, site=site), site=site, holder=uuid4())


def speak(session: LiveSession, sound: bytes = SOUND) -> None:
    spool = Spool(session.spool_path)
    spool.append([sound])
    spool.close()


def test_an_outsider_opens_nothing():
    make_live_model()
    with pytest.raises(Forbidden):
        session_open(user=make_user(), site=make_site(), holder=uuid4())


def test_without_a_live_model_a_sentence_says_so():
    site = make_site()
    with pytest.raises(NotFound, match="promote"):
        session_open(user=make_user(Role.CLINICIAN, site=site), site=site, holder=uuid4())


def test_it_ends_once_and_asks_for_the_storing(session, asked):
    speak(session)
    assert session_end(session=session)
    assert not session_end(session=session)
    assert asked == [(Job.SESSION_STORE, session.pk)]
    session.refresh_from_db()
    assert (session.status, session.received_ms) == (LiveSessionStatus.ENDED, 2000)


def test_only_the_present_holder_may_end_or_touch_it(session):
    before = session.holder
    taken = session_take_over(user=session.user, session_uuid=session.uuid, holder=uuid4())
    assert not session_touch(session=session, holder=before, received_ms=1)
    assert not session_end(session=session, holder=before)
    assert session_touch(session=session, holder=taken.holder, received_ms=1)


def test_nobody_takes_over_what_is_not_theirs(session):
    stranger = make_user(Role.CLINICIAN, site=session.site)
    with pytest.raises(NotFound):
        session_take_over(user=stranger, session_uuid=session.uuid, holder=uuid4())


def test_the_sound_becomes_a_recording_to_correct(session, monkeypatch):
    monkeypatch.setattr("annotation.services.recordings.enqueue_on_commit", lambda job, pk: None)
    speak(session)
    session_end(session=session)
    session.refresh_from_db()
    recording = session_store(session=session)
    session.refresh_from_db()
    assert (session.status, session.recording) == (LiveSessionStatus.STORED, recording)
    assert (recording.site, recording.source) == (session.site, RecordingSource.LIVE)
    assert recording.speaker == session.user.username
    assert data_path(recording.original_path).read_bytes()[44:] == SOUND
    assert not data_path(session.spool_path).exists()
    assert session_store(session=session) == recording
    assert Recording.objects.count() == 1


def test_storing_that_was_cut_short_goes_on(session, monkeypatch):
    monkeypatch.setattr("annotation.services.recordings.enqueue_on_commit", lambda job, pk: None)
    speak(session)
    session_end(session=session)
    session.refresh_from_db()
    first = session_store(session=session)
    LiveSession.objects.update(status=LiveSessionStatus.ENDED, recording=None)  # as if killed before the row
    speak(session)
    session.refresh_from_db()
    assert session_store(session=session) == first


def test_what_a_dead_process_left_is_ended_by_the_next_opening(session, asked):
    speak(session)
    LiveSession.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    assert sessions_end_stale() == 1
    assert sessions_end_stale() == 0
    assert asked == [(Job.SESSION_STORE, session.pk)]


def test_an_utterance_that_is_understood_again_replaces_itself(session):
    for text in ("病人", "病人好"):
        utterance_add(session=session, index=0, text=text, words=[], span_ms=(0, 900), latency_ms=700)
    assert [utterance.text for utterance in session.utterances.all()] == ["病人好"]
