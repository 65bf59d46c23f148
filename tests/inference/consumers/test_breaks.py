"""Sockets that break at the worst moment, disks and databases that fail behind them: no session is left over,
no sound is lost."""

import asyncio
import base64
import threading
from collections import Counter

import pytest
from channels.db import database_sync_to_async as from_db
from django.db import InternalError

from accounts.models import Membership, Role
from inference.consumers import dictation, unsaved
from inference.consumers.hearing import EngineClient, EngineUnavailableError
from inference.models import LiveSession, LiveSessionStatus
from inference.services import sessions
from inference.services.spool import Spool, spool_is_held, spool_read
from inference.streaming.events import FinalWanted
from tests.factories import make_site, make_user
from tests.inference.consumers.clinic import FRAME_BYTES, Page, engine_running
from tests.inference.consumers.guests import TALK, Guest, in_steps, until_ended
from tests.inference.keys import make_program

pytestmark = pytest.mark.django_db(transaction=True)
FRAMES = in_steps(TALK, FRAME_BYTES)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)
    monkeypatch.setattr(dictation, "GRACE_S", 0.1)


@from_db
def clinician():
    return make_user(Role.CLINICIAN)


async def ended(**which: object) -> LiveSession:
    """Over, and let go of."""
    async with asyncio.timeout(20):
        while True:
            session = await from_db(LiveSession.objects.filter(**which).first)()
            if (
                session
                and session.status != LiveSessionStatus.ACTIVE
                and not spool_is_held(session.spool_path)
            ):
                return session
            await asyncio.sleep(0.02)


def far_end_is_gone(socket) -> None:
    """From now on whatever is sent raises, as uvicorn does."""
    application = socket.application

    async def gone(scope, receive, send):
        async def nowhere(message):
            if is_gone:
                raise OSError("the client is gone")
            await send(message)

        await application(scope, receive, nowhere)

    is_gone: list[bool] = []
    socket.application, socket.leave = gone, lambda: is_gone.append(True)


async def test_a_page_that_is_gone_before_its_session_is_there_leaves_none_running(monkeypatch):
    page = Page(await clinician())
    far_end_is_gone(page.socket)
    async with engine_running(monkeypatch):
        await page.connect()
        page.socket.leave()
        await page.say({"type": "start"})
        assert (await ended()).status == LiveSessionStatus.EMPTY


async def test_a_page_that_is_gone_before_an_answer_has_said_what_it_said(monkeypatch):
    page = Page(await clinician())
    far_end_is_gone(page.socket)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        while (await page.hear("ack"))["seq"] < len(FRAMES) - 1:
            pass
        page.socket.leave()
        await page.say({"type": "ping"})
        assert (await ended()).received_ms == len(TALK) // 32


@pytest.mark.parametrize("junk", ['{"type": []}', '{"type": {}}', "[]", "7"])
async def test_junk_is_answered_and_the_session_goes_on(monkeypatch, junk):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.send(text=junk)
        assert (await page.hear("error"))["code"] == "bad_message"
        await page.dictate(TALK)
        assert [one["type"] for one in await page.stop()].count("final") == 2


@pytest.mark.parametrize(
    ("path", "query", "last"),
    [
        ("/v1/realtime", "intent=transcription", "{}"),
        ("/v1/listen", "encoding=linear16&sample_rate=16000", "{}"),
    ],
)
async def test_a_program_that_is_gone_before_an_answer_has_said_what_it_said(monkeypatch, path, query, last):
    program = await from_db(make_program)()
    client = Guest(path, program.secret, query)
    far_end_is_gone(client.socket)
    async with engine_running(monkeypatch):
        await client.open()
        for piece in in_steps(TALK):
            event = {"type": "input_audio_buffer.append", "audio": base64.b64encode(piece).decode()}
            await client.send(piece if path == "/v1/listen" else event)
        async with asyncio.timeout(20):
            while not await from_db(LiveSession.objects.exists)():
                await asyncio.sleep(0.02)
        client.socket.leave()
        await client.send(last)
        assert (await ended()).received_ms > 3000
        await until_ended()


async def test_ready_counts_what_is_on_the_disk_and_the_rest_comes_again(monkeypatch):
    user, append, gate, hangs = await clinician(), Spool.append, threading.Event(), [True]

    def hanging(self, frames):
        if self.next_seq >= 5 and hangs:
            gate.wait(20)
            hangs.clear()
            raise OSError("input/output error")
        append(self, frames)

    monkeypatch.setattr(Spool, "append", hanging)
    monkeypatch.setattr(dictation, "GRACE_S", 30)
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        await first.dictate(b"".join(FRAMES[:5]))
        while (await first.hear("ack"))["seq"] < 4:
            pass
        await first.dictate(b"".join(FRAMES[5:30]))
        await first.vanish()
        again = Page(user)
        assert (await again.open(session=first.session))["next_seq"] == 5
        gate.set()
        assert (await again.hear("error"))["next_seq"] == 5
        await again.dictate(b"".join(FRAMES[5:]))
        await again.stop()
        session = await ended(uuid=first.session)
        assert b"".join(spool_read(session.spool_path)) == TALK


async def test_a_program_is_told_that_the_disk_takes_nothing(monkeypatch):
    monkeypatch.setattr(unsaved, "AGAIN_S", 0.01)
    monkeypatch.setattr(unsaved, "MOST_REFUSALS", 3)
    program = await from_db(make_program)()

    def refusing(self, frames):
        raise OSError("no space left on device")

    monkeypatch.setattr(Spool, "append", refusing)
    async with engine_running(monkeypatch):
        client = await Guest("/v1/listen", program.secret, "encoding=linear16&sample_rate=16000").open()
        for _ in range(10):
            await client.send(TALK[:FRAME_BYTES])
        await asyncio.sleep(1)  # it speaks on after the last attempt, while nobody waits for one
        await client.send(TALK[:FRAME_BYTES])
        await client.closed()
        assert client.said[-1]["variant"] == "NOT_SAVED"
        await client.vanish()
        assert (await ended()).status == LiveSessionStatus.EMPTY


async def test_a_database_that_can_only_be_read_stops_no_sound(monkeypatch):
    page, touch = Page(await clinician()), sessions.session_touch
    monkeypatch.setattr(dictation, "TOUCH_S", 0.0)

    def refused(**_):
        raise InternalError("cannot execute UPDATE in a read-only transaction")

    async with engine_running(monkeypatch):
        await page.open()
        monkeypatch.setattr(sessions, "session_touch", refused)
        await page.dictate(TALK)
        while (await page.hear("ack"))["seq"] < len(FRAMES) - 1:
            pass
        monkeypatch.setattr(sessions, "session_touch", touch)
        await page.stop()
        assert b"".join(spool_read((await ended()).spool_path)) == TALK


async def test_a_database_that_hangs_keeps_nobodys_sound_from_the_disk(monkeypatch):
    one, two, back = Page(await clinician()), Page(await clinician()), threading.Event()
    touch = sessions.session_touch
    monkeypatch.setattr(dictation, "TOUCH_S", 0.0)

    def hanging(**arguments):
        back.wait(30)
        return touch(**arguments)

    async with engine_running(monkeypatch):
        await one.open()
        await two.open()
        monkeypatch.setattr(sessions, "session_touch", hanging)
        await one.say({"type": "ping"})
        await one.hear("pong")
        for page in (one, two):
            await page.dictate(TALK[: 5 * FRAME_BYTES])
            while (await page.hear("ack"))["seq"] < 4:
                pass
        back.set()
        await one.stop()
        await two.stop()


async def test_what_cannot_be_decoded_is_asked_for_once_more_and_not_for_ever(monkeypatch):
    page, hear, asked = Page(await clinician()), EngineClient.hear, Counter()

    async def deaf_for_one(self, request):
        if isinstance(request, FinalWanted):
            asked[request.utterance] += 1
            if request.utterance == 0:
                raise EngineUnavailableError("decode_failed", retry_s=None)
        return await hear(self, request)

    async with engine_running(monkeypatch):
        monkeypatch.setattr(EngineClient, "hear", deaf_for_one)
        await page.open()
        for _ in range(3):
            await page.dictate(TALK)
            await asyncio.sleep(0.5)
        said = await page.stop()
    assert 1 <= asked[0] <= 4  # speculative, final, and both once more
    assert [one["type"] for one in said].count("untranscribed") <= 2


async def test_a_key_of_another_site_does_not_go_on_with_a_session(monkeypatch):
    elsewhere = await from_db(make_program)()
    site = await from_db(make_site)()
    monkeypatch.setattr(dictation, "GRACE_S", 30)

    await from_db(Membership.objects.create)(user=elsewhere.user, site=site, role=Role.CLINICIAN)
    async with engine_running(monkeypatch):
        page = Page(elsewhere.user, site)
        await page.open()
        client = await Guest("/ws/live/", elsewhere.secret).open()
        await client.send({"type": "start", "session": page.session})
        assert (await client.hear(type="error"))["code"] == "session_over"
        await page.stop()


async def test_a_page_of_somebody_else_is_not_let_in():
    page = Page(await clinician())
    page.socket.scope["query_string"] = b"person=somebody-else"
    await page.connect()
    assert await page.closed() == 4410
