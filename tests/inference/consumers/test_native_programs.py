"""The native protocol beyond the page: Opus, committed text, and no room."""

import asyncio

import numpy as np
import pytest
from channels.db import database_sync_to_async as from_db

from inference.consumers.hearing import EngineLoad, engine_place
from inference.engine.admission import Admission
from inference.models import LiveSession
from inference.services import sessions
from tests.inference.consumers.clinic import TEXT, engine_running
from tests.inference.consumers.guests import TALK, Guest, in_steps
from tests.inference.keys import make_program
from tests.speech.test_wire_sound import opus_packets

pytestmark = pytest.mark.django_db(transaction=True)
PACKETS = opus_packets(np.frombuffer(TALK, "<i2").astype(np.float32) / 32768)


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@pytest.fixture
def program(transactional_db):
    return make_program()


def numbered(frames: list[bytes], first: int = 0) -> list[bytes]:
    return [number.to_bytes(4, "little") + frame for number, frame in enumerate(frames, start=first)]


async def begin(program, **start: object) -> Guest:
    client = await Guest("/ws/live/", program.secret).open()
    await client.send({"type": "start", **start})
    await client.hear(type="ready")
    return client


async def finish(client: Guest) -> list[dict]:
    await client.send({"type": "stop"})
    await client.hear(type="stopped")
    return [message for message in client.said if message["type"] == "final"]


async def test_opus_is_acknowledged_by_the_packet_and_kept_as_pcm(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await begin(program, codec="opus")
        for frame in numbered(PACKETS):
            await client.send(frame)
        await client.hear(type="ack", seq=len(PACKETS) - 1)
        finals = await finish(client)
    assert [final["text"] for final in finals] == [TEXT, TEXT]
    session = await from_db(LiveSession.objects.get)()
    assert abs(session.received_ms - len(PACKETS) * 20) < 10


async def test_a_bad_packet_is_refused_and_its_number_comes_again(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await begin(program, codec="opus")
        for frame in numbered(PACKETS[:50]):
            await client.send(frame)
        await client.send((50).to_bytes(4, "little") + b"\xff\xff\xff\x00garbage")
        assert (await client.hear(type="error"))["code"] == "bad_frame"
        for frame in numbered(PACKETS[50:], first=50):
            await client.send(frame)
        assert len(await finish(client)) == 2


async def test_a_broken_connection_goes_on_with_opus(program, monkeypatch):
    async with engine_running(monkeypatch):
        first = await begin(program, codec="opus")
        session = first.said[-1]["session"]
        for frame in numbered(PACKETS[:60]):
            await first.send(frame)
        await first.hear(type="ack", seq=59)
        await first.vanish()
        again = await begin(program, codec="opus", session=session)
        assert again.said[-1]["next_seq"] == 60
        for frame in numbered(PACKETS[60:], first=60):
            await again.send(frame)
        finals = await finish(again)
    assert [final["text"] for final in finals] == [TEXT, TEXT]


async def test_committed_text_comes_to_who_asked_for_it_alone(program, monkeypatch):
    async with engine_running(monkeypatch):
        for events in (["committed"], []):
            client = await begin(program, events=events)
            for frame in numbered(in_steps(TALK)):
                await client.send(frame)
            finals = await finish(client)
            kinds = set(client.kinds())
            assert "partial" not in kinds and ("committed" in kinds) is bool(events)
            for final in finals:
                told = [m["text"] for m in client.said if m["type"] == "committed"]
                assert not events or "".join(told).startswith(final["text"])
                assert final["id"] and final["words"][0]["probability"] > 0


@pytest.mark.parametrize("start", [{"codec": "mp3"}, {"events": 7}])
async def test_a_start_that_is_not_understood_can_be_said_again(program, monkeypatch, start):
    async with engine_running(monkeypatch):
        client = await Guest("/ws/live/", program.secret).open()
        await client.send({"type": "start", **start})
        assert (await client.hear(type="error"))["code"] == "bad_message"
        await client.send({"type": "start"})
        await client.hear(type="ready")
        await finish(client)


async def test_no_room_is_told_with_a_time_to_come_back(program, monkeypatch):
    async def full() -> EngineLoad:
        return EngineLoad(4, 4.0, False, 7.0, 3, "cpu", False)

    monkeypatch.setattr("inference.consumers.admission.engine_place", full)
    client = await Guest("/ws/live/", program.secret).open()
    await client.send({"type": "start"})
    busy = await client.hear(type="error")
    assert (busy["code"], busy["retry_after_s"]) == ("busy", 7.0)
    assert (await client.closed())["code"] == 1013


async def test_who_comes_when_all_places_are_promised_is_told_so(program, monkeypatch):
    """Nobody has said a word yet: the places are kept all the same."""
    monkeypatch.setattr(Admission, "capacity", property(lambda self: 2.0))
    async with engine_running(monkeypatch):
        async with asyncio.timeout(20):
            while not (await engine_place()).accepts:  # it warms up; the one that it then gives is the first
                await asyncio.sleep(0.02)
        first = await begin(program)
        second = await Guest("/ws/live/", program.secret).open()
        await second.send({"type": "start"})
        assert (await second.hear(type="error"))["code"] == "busy"
        for frame in numbered(in_steps(TALK)):
            await first.send(frame)
        assert [final["text"] for final in await finish(first)] == [TEXT, TEXT]
