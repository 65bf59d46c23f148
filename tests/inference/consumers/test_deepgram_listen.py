"""Deepgram's listen: results in order with the recogniser's confidences, and a tail that is never lost."""

import asyncio

import numpy as np
import pytest
from channels.db import database_sync_to_async as from_db

from inference.consumers import deepgram_listen
from inference.consumers.hearing import EngineClient, EngineLoad
from inference.models import LiveSession
from inference.services import sessions
from inference.streaming.events import FinalWanted
from speech.backends.fake import FakeRecognizer
from tests.inference.consumers.clinic import TEXT, engine_running
from tests.inference.consumers.guests import TALK, Guest, in_steps
from tests.inference.keys import make_program
from tests.speech.test_wire_sound import opus_packets

pytestmark = pytest.mark.django_db(transaction=True)
CONFIDENCE = pytest.approx(0.9048, abs=1e-3)  # the fake recogniser's: exp(-0.1)


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@pytest.fixture
def program(transactional_db):
    return make_program()


class Client(Guest):
    def __init__(self, program, query: str = "encoding=linear16&sample_rate=16000", **more) -> None:
        super().__init__("/v1/listen", program.secret, f"model=nova-3&{query}", **more)

    async def talk(self, sound: bytes = TALK) -> None:
        for piece in in_steps(sound):
            await self.send(piece)

    async def finals(self, count: int) -> list[dict]:
        return [await self.hear(type="Results", is_final=True) for _ in range(count)]

    def results(self) -> list[dict]:
        return [message for message in self.said if message["type"] == "Results" and message["is_final"]]


def text_of(result: dict) -> str:
    return result["channel"]["alternatives"][0]["transcript"]


@from_db
def stored() -> LiveSession:
    return LiveSession.objects.prefetch_related("utterances").get()


async def test_results_have_times_and_true_confidences(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk()
        first, second = await client.finals(2)
        await client.send({"type": "CloseStream"})
        metadata = await client.hear(type="Metadata")
        assert (await client.closed())["code"] == 1000
    best = first["channel"]["alternatives"][0]
    assert (best["transcript"], best["confidence"]) == (TEXT, CONFIDENCE)
    assert best["words"][0]["confidence"] == CONFIDENCE
    assert (
        first["start"]
        <= best["words"][0]["start"]
        < best["words"][-1]["end"]
        <= first["start"] + first["duration"]
    )
    assert first["start"] + first["duration"] <= second["start"]
    assert first["speech_final"] and not first["from_finalize"]
    assert first["metadata"]["request_id"] == metadata["request_id"]
    assert first["metadata"]["model_info"]["name"] == f"fake:{TEXT}"
    assert metadata["duration"] == pytest.approx(len(TALK) / 32_000)
    assert {message["type"] for message in client.said} == {"Results", "Metadata"}, (
        "nothing that was not asked for"
    )


async def test_interim_results_when_they_are_asked_for(program, monkeypatch):
    # The first text is asked for after a third of a second: eight characters in it would be taken for a loop.
    async with engine_running(monkeypatch, lambda ref: FakeRecognizer("fake:病人")):
        client = await Client(program, "interim_results=true").open()
        await client.talk(TALK[: 32 * 1800])
        interim = await client.hear(type="Results", is_final=False)
        await client.vanish()
    assert text_of(interim) == "病人" and not interim["speech_final"]
    assert interim["channel"]["alternatives"][0]["confidence"] == CONFIDENCE


async def test_events_of_the_voice_when_they_are_asked_for(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program, "vad_events=true&utterance_end_ms=1000").open()
        await client.talk(TALK + bytes(32_000 * 2))
        started = await client.hear(type="SpeechStarted")
        ended = await client.hear(type="UtteranceEnd")
        await client.vanish()
    assert 0 <= started["timestamp"] < 0.6
    last = client.results()[-1]
    assert ended["last_word_end"] == last["channel"]["alternatives"][0]["words"][-1]["end"]


async def test_finalize_ends_what_is_being_said(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk(TALK[: 32 * 1200])
        await client.send({"type": "Finalize"})
        final = await client.hear(type="Results", from_finalize=True)
        await client.talk(TALK[32 * 1200 :])
        await client.send({"type": "CloseStream"})
        await client.hear(type="Metadata")
    assert text_of(final) == TEXT and final["is_final"]
    assert len(client.results()) == 3, "the first utterance is two, cut by the client"


async def test_finalize_is_answered_though_nobody_speaks(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        for sound in (b"", bytes(16_000)):
            if sound:
                await client.send(sound)
            await client.send({"type": "Finalize"})
            assert text_of(await client.hear(type="Results", from_finalize=True)) == ""
        await client.vanish()


async def test_closing_the_stream_in_the_middle_of_a_word_yields_it(program, monkeypatch):
    async with engine_running(monkeypatch):
        for end in ({"type": "CloseStream"}, b""):
            client = await Client(program).open()
            await client.talk(TALK[: 32 * 1200])
            await client.send(end)
            await client.hear(type="Metadata")
            assert [text_of(result) for result in client.results()] == [TEXT]
            assert client.said[-1]["type"] == "Metadata"


async def test_going_away_in_the_middle_of_a_word_stores_it(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk(TALK[: 32 * 1200])
        await client.vanish()
    session = await stored()
    assert [one.text for one in session.utterances.all()] == [TEXT]
    assert (session.protocol, session.received_ms) == ("deepgram", 1200)


async def test_results_keep_the_order_of_the_sound(program, monkeypatch):
    """The engine answers the first utterance after the second."""
    hear, answered = EngineClient.hear, []

    async def second_first(self, request):
        heard = await hear(self, request)
        if isinstance(request, FinalWanted):
            while request.utterance == 0 and 1 not in answered:
                await asyncio.sleep(0.01)
            answered.append(request.utterance)
        return heard

    async with engine_running(monkeypatch):
        monkeypatch.setattr(EngineClient, "hear", second_first)
        client = await Client(program).open()
        await client.talk()
        first, second = await client.finals(2)
        await client.vanish()
    assert first["start"] < second["start"] and answered.index(1) < answered.index(0)


async def test_opus_packets_and_keyterms(program, monkeypatch):
    samples = np.frombuffer(TALK, "<i2").astype(np.float32) / 32768
    async with engine_running(monkeypatch):
        client = await Client(program, "encoding=opus&keyterm=Metformin&keywords=Aspirin:2").open()
        for packet in opus_packets(samples):
            await client.send(packet)
        await client.send(b"\xff\xff\xff\x00garbage")
        assert (await client.hear(type="Error"))["description"]
        await client.send({"type": "CloseStream"})
        await client.hear(type="Metadata")
    assert [text_of(result) for result in client.results()] == [TEXT, TEXT]
    assert list((await stored()).keywords) == ["Metformin", "Aspirin"]


@pytest.mark.parametrize("message", ["no json", "[]", '{"type": "Dance"}'])
async def test_a_bad_message_is_an_error_and_the_stream_goes_on(program, monkeypatch, message):
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.send(message)
        error = await client.hear(type="Error")
        await client.send({"type": "Configure", "keyterms": ["Aspirin"]})
        await client.hear(type="ConfigureFailure")
        await client.talk()
        await client.finals(2)
        await client.vanish()
    assert (error["variant"], error["message"]) == ("SchemaError", message)


async def test_a_silent_client_is_closed_with_its_words_understood(program, monkeypatch):
    monkeypatch.setattr(deepgram_listen, "IDLE_S", 0.5)
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk(TALK[: 32 * 1200])
        closed = await client.closed()
    assert closed["code"] == 1011 and closed["reason"].startswith("NET-0001")
    assert [text_of(result) for result in client.results()] == [TEXT]


@pytest.mark.parametrize(
    "query",
    [
        "encoding=mp3",
        "sample_rate=x",
        "channels=99",
        "endpointing=maybe",
        "utterance_end_ms=5",
        "multichannel=true",
        "language=klingonese",
    ],
)
async def test_a_wrong_parameter_is_refused_with_a_sentence(program, query):
    client = await Client(program, query).open()
    error = await client.hear(type="Error")
    assert error["variant"] == "INVALID_QUERY_PARAMETER" and error["description"]
    await client.closed()


async def test_a_key_comes_as_a_token_or_as_a_subprotocol(program, monkeypatch):
    async with engine_running(monkeypatch):
        by_header = Guest("/v1/listen", authorization=f"Token {program.secret}")
        assert (await by_header.knock())["type"] == "websocket.accept"
        browser = Guest("/v1/listen", subprotocols=("token", program.secret), origin="http://localhost")
        assert (await browser.knock())["subprotocol"] == "token"
    refusal = Guest("/v1/listen", authorization="Token wrong")
    assert (await refusal.knock())["status"] == 401


@pytest.mark.parametrize(
    ("beginning", "name"),
    [(b"\x1aE\xdf\xa3", "WebM"), (b"OggS", "Ogg"), (b"RIFF", "WAV"), (b"\0\0\0\x18ftypmp42", "MP4")],
)
async def test_a_file_is_not_heard_as_samples(program, monkeypatch, beginning, name):
    async with engine_running(monkeypatch):
        client = await Client(program, query="").open()
        await client.send(beginning + bytes(6000))
        await client.closed()
    assert client.said[-1]["variant"] == "UNSUPPORTED_CONTAINER" and name in client.said[-1]["description"]
    assert not await from_db(LiveSession.objects.exists)()


async def test_who_found_no_room_is_not_recorded(program, monkeypatch):
    async def full() -> EngineLoad:
        return EngineLoad(4, 4.0, False, 7.0, 3, "cpu", False)

    monkeypatch.setattr("inference.consumers.admission.engine_place", full)
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk()
        assert (await client.closed())["code"] == 1013
        await client.vanish()
    assert client.said[-1]["variant"] == "BUSY"
    assert not await from_db(LiveSession.objects.exists)()


@pytest.mark.parametrize("query", ["language=nan", f"keyterm={'%E8%97%A5' * 7000}"])
async def test_what_no_recogniser_takes_is_refused_at_the_door(program, query):
    client = await Client(program, query=query).open()
    await client.closed()
    assert client.said[-1]["type"] == "Error"


async def test_a_long_wait_here_is_not_the_clients_silence(program, monkeypatch):
    monkeypatch.setattr(deepgram_listen, "IDLE_S", 0.3)
    opening = deepgram_listen.ListenConsumer.open_dictation

    async def slow(self, *about):
        await asyncio.sleep(0.8)
        return await opening(self, *about)

    monkeypatch.setattr(deepgram_listen.ListenConsumer, "open_dictation", slow)
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        await client.talk()
        await client.send({"type": "CloseStream"})
        assert (await client.closed())["code"] == 1000
        await client.vanish()
    assert [text_of(one) for one in client.results()] == [TEXT, TEXT]
