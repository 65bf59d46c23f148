"""A dictation and what is around it: a database that is away, another process that wants the session."""

import asyncio

import pytest
from channels.db import database_sync_to_async as from_db
from django.db import OperationalError

from accounts.models import Role
from base.jobs import Job
from inference.consumers import asking, dictation, growth, ledger, opening
from inference.consumers.hearing import EngineClient, EngineUnavailableError
from inference.models import LiveSession, LiveSessionStatus
from inference.services import sessions
from inference.services.spool import Spool, spool_read
from inference.services.utterances import Entry, utterances_keep
from inference.streaming.session import SessionOptions
from tests.factories import make_site, make_user
from tests.inference.consumers.clinic import TEXT, Page, engine_running
from tests.inference.streaming.sounds import pcm, silence, tone

pytestmark = pytest.mark.django_db(transaction=True)
TALK = pcm(silence(0.5), tone(1.5), silence(1), tone(1.5), silence(1))


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list:
    jobs: list = []
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: jobs.append((job, pk)))
    monkeypatch.setattr(ledger, "FIRST_PAUSE_S", 0.01)
    return jobs


class Outage:
    """A database that is away until somebody says that it is back."""

    def __init__(self, monkeypatch) -> None:
        self.over, self.refused = False, 0
        monkeypatch.setattr(ledger, "utterances_keep", self._around(utterances_keep))
        for name in ("session_touch", "session_end"):
            monkeypatch.setattr(sessions, name, self._around(getattr(sessions, name)))

    def _around(self, call):
        def asked(**arguments):
            if not self.over:
                self.refused += 1
                raise OperationalError("the database system is shutting down")
            return call(**arguments)

        return asked


@from_db
def clinician():
    return make_user(Role.CLINICIAN)


@from_db
def row(session: str) -> LiveSession:
    return LiveSession.objects.prefetch_related("utterances").get(uuid=session)


async def ended(session: str) -> LiveSession:
    async with asyncio.timeout(20):
        while (found := await row(session)).status == LiveSessionStatus.ACTIVE:
            await asyncio.sleep(0.02)
    return found


async def test_a_database_that_is_away_ends_nothing_and_gets_the_texts_when_it_is_back(monkeypatch):
    page = Page(await clinician())
    monkeypatch.setattr(dictation, "TOUCH_S", 0.0)
    async with engine_running(monkeypatch):
        await page.open()
        outage = Outage(monkeypatch)
        await page.dictate(TALK[:96_000])
        assert (await page.hear("final"))["text"] == TEXT
        await page.dictate(TALK[96_000:])
        while (await page.hear("ack"))["seq"] < len(TALK) // 3200 - 1:
            pass
        assert outage.refused > 2
        assert not (await row(page.session)).utterances.all()
        outage.over = True
        await page.stop()
    session = await ended(page.session)
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]
    assert b"".join(spool_read(session.spool_path)) == TALK


async def test_what_is_settled_and_in_the_rows_is_behind_and_a_voice_under_way_is_not(monkeypatch):
    page = Page(await clinician())
    monkeypatch.setattr(dictation, "TOUCH_S", 0.0)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK[:96_000])
        await page.hear("final")
        await page.dictate(pcm(silence(20), tone(0.5)))
        await page.hear("speech_started")
        async with asyncio.timeout(20):
            while (session := await row(page.session)).settled_ms < 20_000:
                await page.frame(pcm(tone(0.1)))  # the database hears of it with the next frames
                await asyncio.sleep(0.1)
        assert session.settled_ms <= 3000 + 20_000
        await page.stop()
    assert [utterance.start_ms for utterance in (await row(page.session)).utterances.all()][1] > 20_000


async def test_who_stops_while_the_database_is_away_is_told_that_all_is_saved(monkeypatch, asked):
    page = Page(await clinician())
    monkeypatch.setattr(dictation, "SETTLE_S", 0.05)
    async with engine_running(monkeypatch):
        await page.open()
        outage = Outage(monkeypatch)
        await page.dictate(TALK)
        assert (await page.stop())[-1]["saved_ms"] == len(TALK) // 32
        assert (await row(page.session)).status == LiveSessionStatus.ACTIVE
        outage.over = True
        session = await ended(page.session)
    assert session.status == LiveSessionStatus.ENDED
    assert session.utterances.count() == 2
    assert (Job.SESSION_STORE, session.pk) in asked


async def test_nobody_begins_or_returns_without_a_database_and_a_sentence_says_so(monkeypatch):
    user = await clinician()

    def away(**_):
        raise OperationalError("connection refused")

    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        with monkeypatch.context() as patched:
            patched.setattr(sessions, "session_open", away)
            patched.setattr(sessions, "session_take_over", away)
            assert (await Page(user).open())["code"] == "database_away"
            assert (await Page(user).open(session=first.session))["code"] == "database_away"
        await first.stop()


async def test_a_session_that_another_process_wants_is_let_go_of_with_its_texts(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK[:96_000])
        said: list[dict] = []
        while not ({"final", 29} <= {message.get("seq", message["type"]) for message in said}):
            said.append(await page.next_message())  # the text, and that all frames are on the disk
        session = await row(page.session)
        taken = await asyncio.to_thread(Spool, session.spool_path)
        assert (await page.hear("error"))["code"] == "taken_over"
        assert await page.closed() == 4409
        texts = [utterance.text for utterance in (await row(page.session)).utterances.all()]
        assert texts == [TEXT]  # before the sound was let go of
        assert taken.next_seq == 30
        taken.close()


async def test_a_stop_that_waits_for_texts_keeps_nobody_from_the_session(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        monkeypatch.setattr("inference.consumers.hearing.EngineClient.hear", never)
        await page.dictate(TALK)
        await page.hear("speech_ended")
        await page.say({"type": "stop"})
        session = await row(page.session)
        taken = await asyncio.to_thread(Spool, session.spool_path)
        taken.close()
    assert (await row(page.session)).status == LiveSessionStatus.ACTIVE


async def never(*_):
    await asyncio.Event().wait()


async def test_what_an_earlier_process_had_no_text_for_is_heard_again_and_nothing_twice(monkeypatch):
    user = await clinician()
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        await first.dictate(TALK[:96_000])
        await first.hear("final")
        dead = opening._running.pop((await row(first.session)).uuid)
        dead._look.cancel()
        await dead.run.abandon()
        session = await row(first.session)
        await from_db(session.utterances.all().delete)()
        await from_db(utterances_keep)(session=session, entries=[Entry(0, 200, 2400)])
        again = Page(user)
        await again.open(session=first.session)
        final = await again.hear("final")
        assert (final["utterance"], final["start_ms"], final["end_ms"]) == (0, 200, 2400)
        await again.dictate(TALK[again.seq * 3200 :])
        await again.stop()
    utterances = (await row(first.session)).utterances.all()
    assert [(one.index, one.text) for one in utterances] == [(0, TEXT), (1, TEXT)]


async def test_what_was_given_up_is_heard_when_the_engine_is_back(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        monkeypatch.setattr(asking, "GIVE_UP_S", 0.0)
        hear, away = EngineClient.hear, [True]

        async def hearing(self, request):
            if away:
                raise EngineUnavailableError("gone", retry_s=0.01)
            return await hear(self, request)

        monkeypatch.setattr(EngineClient, "hear", hearing)
        await page.open()
        await page.dictate(TALK[:96_000])
        assert (await page.hear("untranscribed"))["utterance"] == 0
        away.clear()
        await page.dictate(TALK[96_000:])
        texts = [await page.hear("final"), await page.hear("final")]
        assert {text["utterance"] for text in texts} == {0, 1}
        await page.stop()
    assert [one.text for one in (await row(page.session)).utterances.all()] == [TEXT, TEXT]


async def test_an_uncertain_utterance_asks_for_the_queue_at_once_and_not_all_the_time(monkeypatch, asked):
    page = Page(await clinician())
    monkeypatch.setattr("django.conf.settings.AUSCULT_LIVE_UNCERTAIN_ABOVE", 0.0)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        async with asyncio.timeout(20):
            while not asked:
                await asyncio.sleep(0.02)
        await page.stop()
    session = await row(page.session)
    assert all(utterance.is_uncertain for utterance in session.utterances.all())
    assert asked.count((Job.SESSION_GROW, session.pk)) == 1
    assert growth.LEAST_PAUSE_S >= 1


async def test_what_a_session_was_opened_with_is_known_to_whatever_process_goes_on_with_it(monkeypatch):
    site = await from_db(make_site)()
    user = await from_db(make_user)(Role.CLINICIAN, site=site)
    options = SessionOptions.of(hangover_ms=700)
    async with engine_running(monkeypatch):
        opened = await opening.dictation_open(
            user, site, options=options, language="en", keywords=["Metformin"], protocol="deepgram"
        )
        opening._running.pop(opened.session.uuid)
        opened._look.cancel()
        await opened.run.abandon()
        again = await opening.dictation_resume(user, site, opened.session.uuid)
        assert again.session.keywords == ["Metformin"]
        assert (again.session.language, again.session.protocol) == ("en", "deepgram")
        assert again.run._streaming._options == options
        await again.stop()
