"""WhisperLive's protocol: a hello, segments, and the last one after END_OF_AUDIO."""

import numpy as np
import pytest
from channels.db import database_sync_to_async as from_db

from inference.api.problems import Busy
from inference.consumers import whisperlive
from inference.models import LiveSession
from inference.selectors.callers import caller_of
from inference.services import sessions
from inference.services.keys import token_issue
from tests.inference.consumers.clinic import TEXT, engine_running
from tests.inference.consumers.guests import TALK, Guest, in_steps
from tests.inference.keys import make_program

pytestmark = pytest.mark.django_db(transaction=True)
FLOATS = (np.frombuffer(TALK, "<i2").astype(np.float32) / 32768).tobytes()
HELLO = {"uid": "me", "language": "zh", "task": "transcribe", "model": "small", "use_vad": True}


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@pytest.fixture
def program(transactional_db):
    return make_program()


@from_db
def token_of(program) -> str:
    return token_issue(caller=caller_of(program.secret), seconds=60)[0]


async def client_of(program, path: str = "/whisperlive", **hello) -> Guest:
    client = await Guest(path, query=f"token={await token_of(program)}").open()
    await client.send({**HELLO, **hello})
    ready = await client.hear(message="SERVER_READY")
    assert (ready["uid"], ready["backend"]) == ("me", "faster_whisper")
    return client


async def talk(client: Guest, sound: bytes = FLOATS) -> None:
    for piece in in_steps(sound):
        await client.send(piece)


def completed(client: Guest) -> list[dict]:
    """What its own client would have kept: each completed segment once, in order."""
    kept: list[dict] = []
    for message in client.said:
        for segment in message.get("segments", []):
            if segment["completed"] and (not kept or float(segment["start"]) >= float(kept[-1]["end"])):
                kept.append(segment)
    return kept


async def test_segments_until_the_end_of_the_audio(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await client_of(program)
        await talk(client)
        await client.send(b"END_OF_AUDIO")
        await client.hear(message="DISCONNECT")
        assert (await client.closed())["code"] == 1000
    first, second = completed(client)
    assert [first["text"], second["text"]] == [TEXT, TEXT]
    assert 0 <= float(first["start"]) < float(first["end"]) <= float(second["start"])
    assert "words" not in first and {message["uid"] for message in client.said} == {"me"}
    for message in client.said:
        assert all(segment["completed"] for segment in message.get("segments", [])[:-1])


async def test_the_last_segment_comes_though_it_was_cut_off(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await client_of(program, word_timestamps=True, audio_format="int16")
        await talk(client, TALK[: 32 * 1200])
        await client.send(b"END_OF_AUDIO")
        await client.hear(message="DISCONNECT")
    (last,) = completed(client)
    assert last["text"] == TEXT and last["words"][0]["probability"] == pytest.approx(0.9048, abs=1e-3)


async def test_a_file_that_has_been_played_needs_no_silence_behind_it(program, monkeypatch):
    """Its client waits for texts without sending anything more."""
    monkeypatch.setattr(whisperlive, "SILENT_S", 0.3)
    async with engine_running(monkeypatch):
        client = await client_of(program)
        await talk(client, FLOATS[: 64 * 1200])
        while not completed(client):
            await client.hear(uid="me")
        await client.vanish()


async def test_an_unfinished_segment_is_shown_while_it_is_said(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await client_of(program)
        await talk(client, FLOATS[: 64 * 1800])
        shown = await client.hear(uid="me")
        assert [segment["completed"] for segment in shown["segments"]] == [False]
        await client.vanish()
    session = await from_db(LiveSession.objects.get)()
    assert (session.protocol, session.received_ms) == ("whisperlive", 1800)


async def test_its_clients_know_no_path(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await client_of(program, path="/")
        await client.vanish()


async def test_who_is_not_let_in_reads_why_after_the_hello(program):
    client = await Guest("/whisperlive", query=f"token={program.secret}").open()  # a key has no place there
    await client.send(HELLO)
    refusal = await client.hear(status="ERROR")
    assert refusal["uid"] == "me" and "key" in refusal["message"]
    assert (await client.closed())["code"] == 4401


async def test_a_named_address_needs_no_key_when_a_setting_says_so(program, monkeypatch, settings):
    settings.AUSCULT_WHISPERLIVE_KEY = str(program.key.uuid)
    settings.AUSCULT_WHISPERLIVE_ADDRESSES = ["192.0.2.0/28"]
    async with engine_running(monkeypatch):
        for address, answer in (
            ("192.0.2.7", {"message": "SERVER_READY"}),
            ("192.0.2.99", {"status": "ERROR"}),
        ):
            client = await Guest("/", client=(address, 1)).open()
            await client.send(HELLO)
            await client.hear(**answer)
            await client.vanish()
    assert (await from_db(LiveSession.objects.select_related("site").get)()).site == program.site


async def test_no_room_is_a_time_to_wait(program, monkeypatch):
    async def full() -> None:
        raise Busy("busy", "full", 90.0)

    monkeypatch.setattr(whisperlive, "require_room", full)
    client = await Guest("/whisperlive", query=f"token={await token_of(program)}").open()
    await client.send(HELLO)
    assert (await client.hear(status="WAIT"))["message"] == 1.5
    assert (await client.closed())["code"] == 1013


@pytest.mark.parametrize("hello", ["no json", "[]", "{}", '{"uid": "me", "audio_format": "mp3"}'])
async def test_a_bad_hello_can_be_said_again(program, monkeypatch, hello):
    async with engine_running(monkeypatch):
        client = await Guest("/whisperlive", query=f"token={await token_of(program)}").open()
        await client.send(hello)
        assert (await client.hear(status="ERROR"))["message"]
        await client.send(HELLO)
        await client.hear(message="SERVER_READY")
        await client.send("text in the middle")
        await client.hear(status="WARNING")
        await client.vanish()
