"""The life of a session, from the first word to a recording in the queue."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Role
from audit.models import Entry
from base.encryption import WrongStorageKey
from base.errors import Forbidden, NotFound
from base.jobs import Job
from base.storage import data_path
from config.celery import app
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance
from inference.selectors.sessions import Continuation, continuation_of, heard_from
from inference.services import sessions
from inference.services.sessions import (
    session_end,
    session_open,
    session_take_over,
    session_touch,
    sessions_tidy,
)
from inference.services.spool import Spool, spool_read
from inference.services.utterances import Entry as UtteranceEntry
from inference.services.utterances import utterances_keep
from tests.factories import make_live_model, make_site, make_user
from tests.inference.finals import heard
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
    taken = session_take_over(user=session.user, site=session.site, session_uuid=session.uuid, holder=uuid4())
    assert not session_touch(session=session, holder=before, received_ms=1)
    assert not session_end(session=session, holder=before)
    assert session_touch(session=session, holder=taken.holder, received_ms=1)


def test_nobody_takes_over_what_is_not_theirs(session):
    stranger = make_user(Role.CLINICIAN, site=session.site)
    with pytest.raises(NotFound):
        session_take_over(user=stranger, site=session.site, session_uuid=session.uuid, holder=uuid4())


def test_what_a_dead_process_left_is_ended_by_the_next_opening(session, asked):
    speak(session)
    LiveSession.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    assert sessions_tidy() == 1
    assert sessions_tidy() == 0
    assert asked == [(Job.SESSION_STORE, session.pk)]


def test_what_a_living_process_holds_is_not_ended_for_it(session):
    """It cannot reach the database; the person goes on speaking."""
    spool = Spool(session.spool_path)
    spool.append([SOUND])
    LiveSession.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    assert sessions_tidy() == 0
    spool.close()
    assert sessions_tidy() == 1


def test_what_is_kept_for_its_speaker_alone_is_deleted_when_that_is_due(session, settings):
    speak(session)
    utterances_keep(session=session, entries=[heard(0, "病人")])
    days_ago = timezone.now() - timedelta(days=settings.AUSCULT_LIVE_KEEP_DAYS, minutes=1)
    LiveSession.objects.update(status=LiveSessionStatus.PRIVATE, ended_at=timezone.now())
    sessions_tidy()
    assert session.utterances.exists()
    LiveSession.objects.update(ended_at=days_ago)
    sessions_tidy()
    session.refresh_from_db()
    assert session.status == LiveSessionStatus.EXPIRED
    assert not session.utterances.exists()
    assert not data_path(session.spool_path).exists()
    assert Entry.objects.filter(verb="live_session_expired").count() == 1


def test_the_clock_asks_for_it_too(session, settings):
    LiveSession.objects.update(
        status=LiveSessionStatus.PRIVATE, ended_at=timezone.now() - timedelta(days=400)
    )
    (entry,) = settings.CELERY_BEAT_SCHEDULE.values()
    app.loader.import_default_modules()
    app.tasks[entry["task"]].apply(throw=True)
    session.refresh_from_db()
    assert session.status == LiveSessionStatus.EXPIRED


def test_two_that_tidy_at_once_enter_a_deletion_once(session, monkeypatch):
    LiveSession.objects.update(
        status=LiveSessionStatus.PRIVATE, ended_at=timezone.now() - timedelta(days=400)
    )

    def the_other_is_faster(relative: str) -> None:
        monkeypatch.undo()
        assert sessions_tidy() == 0

    monkeypatch.setattr(sessions, "spool_remove", the_other_is_faster)
    sessions_tidy()
    assert Entry.objects.filter(verb="live_session_expired").count() == 1


def test_what_was_said_lies_in_the_database_as_a_token_and_comes_back_as_it_was(session):
    utterances_keep(session=session, entries=[heard(0, "病人血壓")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, words, tokens FROM inference_liveutterance")
        stored = cursor.fetchone()
    assert all(value.startswith("gAAAA") for value in stored)
    row = session.utterances.get()
    assert (row.text, row.words[0]["probability"], row.tokens) == ("病人血壓", 0.9, [["病人血壓", -0.1]])


def test_another_storage_key_gives_a_sentence_and_no_garbage(session, settings):
    utterances_keep(session=session, entries=[heard(0, "病人")])
    settings.AUSCULT_STORAGE_KEYS = ["quite another key of this hospital"]
    with pytest.raises(WrongStorageKey, match="AUSCULT_STORAGE_KEY"):
        session.utterances.get()


def test_what_lies_under_a_lost_key_keeps_nobody_from_a_new_session(session, settings):
    speak(session)
    utterances_keep(session=session, entries=[heard(0, "病人")])
    settings.AUSCULT_STORAGE_KEYS = ["quite another key of this hospital"]
    LiveSession.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    assert sessions_tidy() == 1
    LiveSession.objects.update(
        status=LiveSessionStatus.PRIVATE, ended_at=timezone.now() - timedelta(days=400)
    )
    sessions_tidy()
    assert LiveSession.objects.filter(status=LiveSessionStatus.EXPIRED).exists()


def test_everything_is_put_under_a_new_key_by_a_command(session, settings, capsys):
    settings.AUSCULT_STORAGE_KEYS = ["the first key of this hospital"]
    live = session_open(user=session.user, site=session.site, holder=uuid4(), keywords=["Metformin"])
    speak(live)
    utterances_keep(session=live, entries=[heard(0, "病人")])
    session.delete()  # it is under no key of this hospital
    settings.AUSCULT_STORAGE_KEYS = ["a second key of this hospital", "the first key of this hospital"]
    call_command("storage_rekey")
    assert "1 sessions" in capsys.readouterr().out
    settings.AUSCULT_STORAGE_KEYS = ["a second key of this hospital"]
    assert LiveSession.objects.get().keywords == ["Metformin"]
    assert live.utterances.get().text == "病人"
    assert b"".join(spool_read(live.spool_path)) == SOUND


def test_nothing_can_be_looked_up_by_what_was_said():
    with pytest.raises(FieldError, match="encrypted"):
        LiveUtterance.objects.filter(text="病人").exists()


def test_an_utterance_that_is_understood_again_replaces_itself(session):
    for text in ("病人", "病人好"):
        utterances_keep(session=session, entries=[heard(0, text)])
    assert [utterance.text for utterance in session.utterances.all()] == ["病人好"]


def test_a_place_that_comes_late_takes_no_text_away(session):
    utterances_keep(session=session, entries=[heard(0, "病人")])
    utterances_keep(session=session, entries=[UtteranceEntry(0, 0, 950)])
    assert session.utterances.get().text == "病人"


def test_listening_goes_on_behind_the_last_place_and_texts_that_are_missing_are_named(session):
    assert continuation_of(session) == Continuation()
    utterances_keep(session=session, entries=[UtteranceEntry(0, 100, 900), heard(1, "病人", 2000)])
    assert continuation_of(session) == Continuation(2900, 2, ((0, 100, 900),))
    assert [row.index for row in heard_from(session, 0)] == [1]


def test_a_long_silence_is_not_listened_to_again(session):
    utterances_keep(session=session, entries=[heard(0, "病人")])
    assert session_touch(session=session, holder=session.holder, received_ms=600_000, settled_ms=599_000)
    session.refresh_from_db()
    assert continuation_of(session) == Continuation(599_000, 1)


@pytest.mark.parametrize(
    ("text", "probability", "rejected", "uncertain"),
    [("病人血壓一百四十", 0.99, "", False), ("病人血壓一百四十", 0.6, "", True), ("", 0.0, "謝謝觀看", True)],
)
def test_what_is_expected_to_be_wrong_is_uncertain(session, text, probability, rejected, uncertain):
    entry = heard(0, text, probability=probability, rejected=rejected)
    assert utterances_keep(session=session, entries=[entry]) is uncertain
    row = session.utterances.get()
    assert (row.is_uncertain, row.text, row.rejected_text) == (uncertain, text, rejected)


def test_who_comes_back_while_it_is_looked_at_keeps_it(session, monkeypatch):
    """An outage is over: one page opens a session and tidies, another goes on with its own."""
    speak(session)
    LiveSession.objects.update(updated_at=timezone.now() - timedelta(minutes=6))
    held = sessions.spool_is_held

    def comes_back(path: str) -> bool:
        answer = held(path)
        session_take_over(user=session.user, site=session.site, session_uuid=session.uuid, holder=uuid4())
        return answer

    monkeypatch.setattr(sessions, "spool_is_held", comes_back)
    assert sessions_tidy() == 0
    session.refresh_from_db()
    assert session.status == LiveSessionStatus.ACTIVE
