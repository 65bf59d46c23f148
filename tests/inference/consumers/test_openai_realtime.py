"""OpenAI's realtime transcription: order, ids, exactly one end per item, deltas that are only appended to."""

import base64
from collections import defaultdict

import numpy as np
import pytest
import soxr
from channels.db import database_sync_to_async as from_db

from inference.models import LiveSession, LiveSessionStatus
from inference.services import sessions
from tests.inference.consumers.clinic import TEXT, engine_running
from tests.inference.consumers.guests import TALK, Guest, in_steps
from tests.inference.keys import make_program
from tests.inference.streaming.sounds import pcm, tone

pytestmark = pytest.mark.django_db(transaction=True)
TRANSCRIPTION = "conversation.item.input_audio_transcription"
PCM_16K = {"type": "audio/pcm", "rate": 16_000}


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@pytest.fixture
def program(transactional_db):
    return make_program()


class Client(Guest):
    def __init__(self, program, **more) -> None:
        super().__init__("/v1/realtime", program.secret, "intent=transcription", **more)

    async def begin(self, turn_detection: dict | None = None, manual: bool = False, **session) -> "Client":
        await self.open()
        await self.hear(type="session.created")
        turns = {"turn_detection": turn_detection} if turn_detection or manual else {}
        audio = {"input": {"format": PCM_16K, **turns}}
        await self.send(
            {"type": "session.update", "session": {"type": "transcription", "audio": audio, **session}}
        )
        await self.hear(type="session.updated")
        return self

    async def talk(self, sound: bytes = TALK) -> None:
        for piece in in_steps(sound):
            await self.send({"type": "input_audio_buffer.append", "audio": base64.b64encode(piece).decode()})

    async def completed(self, count: int) -> list[dict]:
        return [await self.hear(type=f"{TRANSCRIPTION}.completed") for _ in range(count)]


def check_invariants(said: list[dict]) -> None:
    """What holds whatever was sent."""
    ends, deltas, announced = defaultdict(list), defaultdict(str), set()
    ids = [event["event_id"] for event in said]
    assert len(ids) == len(set(ids))
    for event in said:
        item = event.get("item_id")
        if event["type"] in {"input_audio_buffer.speech_started", "input_audio_buffer.committed"}:
            announced.add(item)
        if event["type"].startswith(TRANSCRIPTION):
            assert event["content_index"] == 0
            assert item not in ends, "nothing comes after an item's end"
        if event["type"] == f"{TRANSCRIPTION}.delta":
            deltas[item] += event["delta"]
        if event["type"] in {f"{TRANSCRIPTION}.completed", f"{TRANSCRIPTION}.failed"}:
            ends[item].append(event)
            assert item in announced
            assert event.get("transcript", "").startswith(deltas[item]) or not deltas[item]
    committed = [event for event in said if event["type"] == "input_audio_buffer.committed"]
    assert [event["previous_item_id"] for event in committed] == [None, *[e["item_id"] for e in committed]][
        :-1
    ]
    assert all(len(one) == 1 for one in ends.values())
    cleared = [at for at, event in enumerate(said) if event["type"] == "input_audio_buffer.cleared"]
    after = {event.get("item_id") for event in said[max(cleared, default=-1) + 1 :]}
    late = (set(deltas) - announced) & after
    assert not late, "a delta comes before its item's commit; without one only until it is cleared away"


@from_db
def stored() -> LiveSession:
    return LiveSession.objects.prefetch_related("utterances").get()


async def test_each_utterance_is_an_item_with_the_id_of_the_database(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin()
        await client.talk()
        completed = await client.completed(2)
        await client.vanish()
    check_invariants(client.said)
    assert [event["transcript"] for event in completed] == [TEXT, TEXT]
    assert completed[0]["usage"]["type"] == "duration" and completed[0]["usage"]["seconds"] > 1
    session = await stored()
    assert (session.protocol, session.status) == ("openai", LiveSessionStatus.ENDED)
    assert [str(one.uuid) for one in session.utterances.all()] == [event["item_id"] for event in completed]
    deltas = [event["delta"] for event in client.said if event["type"] == f"{TRANSCRIPTION}.delta"]
    assert "".join(deltas) == TEXT + TEXT
    order = [kind for kind in client.kinds() if kind.startswith(("input_audio", "conversation.item.a"))]
    first_item = ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]
    assert order[:4] == [*first_item, "input_audio_buffer.committed", "conversation.item.added"]


async def test_24_khz_is_what_is_meant_when_nothing_is_said(program, monkeypatch):
    samples = np.frombuffer(TALK, "<i2").astype(np.float32) / 32768
    at_24_khz = (soxr.resample(samples, 16_000, 24_000) * 32767).astype("<i2").tobytes()
    async with engine_running(monkeypatch):
        client = await Client(program).open()
        shown = await client.hear(type="session.created")
        await client.talk(at_24_khz)
        await client.completed(2)
        await client.vanish()
    assert shown["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    session = await stored()
    assert abs(session.received_ms - len(TALK) // 32) < 20


async def test_without_turn_detection_only_a_commit_makes_an_item(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin(manual=True)
        await client.talk()
        await client.send({"type": "input_audio_buffer.commit"})
        (completed,) = await client.completed(1)
        await client.vanish()
    check_invariants(client.said)
    assert completed["transcript"] == TEXT + TEXT
    assert client.kinds().count("input_audio_buffer.committed") == 1
    assert not [kind for kind in client.kinds() if "speech_" in kind]


async def test_a_monologue_is_one_item_though_it_is_heard_in_parts(program, monkeypatch):
    """Longer than an utterance may be: cut inside, one item outside."""
    async with engine_running(monkeypatch):
        client = await Client(program).begin(manual=True)
        await client.talk(pcm(tone(20)))
        await client.send({"type": "input_audio_buffer.commit"})
        (completed,) = await client.completed(1)
        await client.vanish()
    check_invariants(client.said)
    assert completed["transcript"] == TEXT + TEXT
    assert completed["usage"]["seconds"] > 19


async def test_a_commit_in_the_middle_of_a_word_ends_it(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin()
        await client.talk(TALK[: 32 * 1200])
        await client.send({"type": "input_audio_buffer.commit"})
        (completed,) = await client.completed(1)
        await client.vanish()
    check_invariants(client.said)
    assert completed["transcript"] == TEXT
    assert client.kinds().count("input_audio_buffer.committed") == 1


async def test_a_commit_of_silence_is_answered_by_an_empty_item(program, monkeypatch):
    async with engine_running(monkeypatch):
        for manual in (True, False):
            client = await Client(program).begin(manual=manual)
            await client.talk(bytes(32_000))
            await client.send({"type": "input_audio_buffer.commit"})
            (completed,) = await client.completed(1)
            await client.vanish()
            check_invariants(client.said)
            assert completed["transcript"] == ""


async def test_what_is_cleared_is_kept_but_not_told(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin(manual=True)
        await client.talk(TALK[: 32 * 2500])
        await client.send({"type": "input_audio_buffer.clear"})
        await client.hear(type="input_audio_buffer.cleared")
        await client.talk(TALK[32 * 2500 :])
        await client.send({"type": "input_audio_buffer.commit"})
        await client.completed(1)
        await client.vanish()
    check_invariants(client.said)
    assert client.kinds().count(f"{TRANSCRIPTION}.completed") == 1
    assert len((await stored()).utterances.all()) == 2


async def test_logprobs_when_they_are_included(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin(include=["item.input_audio_transcription.logprobs"])
        await client.talk()
        with_logprobs = await client.completed(2)
        await client.vanish()
    assert len(with_logprobs[0]["logprobs"]) == len(TEXT)
    assert with_logprobs[0]["logprobs"][0]["logprob"] == pytest.approx(-0.1)


async def test_turn_detection_is_what_the_client_asks_for(program, monkeypatch):
    """A pause of a second is none for somebody who wants two."""
    async with engine_running(monkeypatch):
        client = await Client(program).begin({"type": "server_vad", "silence_duration_ms": 2000})
        await client.talk()
        await client.send({"type": "input_audio_buffer.commit"})
        (completed,) = await client.completed(1)
        await client.vanish()
    assert completed["usage"]["seconds"] > 3.5


async def test_the_older_shape_is_understood(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program, openai_beta="realtime=v1").open()
        await client.hear(type="transcription_session.created")
        session = {"input_audio_format": "g711_ulaw", "input_audio_transcription": {"language": "en"}}
        await client.send({"type": "transcription_session.update", "session": session})
        updated = await client.hear(type="transcription_session.updated")
    audio = updated["session"]["audio"]["input"]
    assert audio["format"] == {"type": "audio/pcmu"} and audio["transcription"]["language"] == "en"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no json", "invalid_json"),
        ("[]", "invalid_json"),
        (b"binary", "invalid_json"),
        ({"type": "response.create"}, "unsupported_event"),
        ({"type": "input_audio_buffer.append", "audio": "ä"}, "invalid_audio"),
        ({"type": "input_audio_buffer.append"}, "invalid_audio"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "invalid_value"),
        ({"type": "session.update", "session": []}, "invalid_value"),
        (
            {"type": "session.update", "session": {"audio": {"input": {"format": {"rate": 11}}}}},
            "invalid_value",
        ),
        (
            {"type": "session.update", "session": {"audio": {"input": {"turn_detection": {"threshold": 9}}}}},
            "invalid_value",
        ),
        (
            {"type": "session.update", "session": {"audio": {"input": {"transcription": {"language": "?"}}}}},
            "invalid_value",
        ),
    ],
)
async def test_a_bad_message_is_an_error_and_the_session_goes_on(program, monkeypatch, message, code):
    if isinstance(message, dict):
        message = {**message, "event_id": "mine"}
    async with engine_running(monkeypatch):
        client = await Client(program).begin()
        await client.send(message)
        error = await client.hear(type="error")
        await client.talk(TALK[: 32 * 2800])
        await client.completed(1)
        await client.vanish()
    assert error["error"]["code"] == code and error["error"]["message"]
    assert error["error"]["event_id"] == ("mine" if isinstance(message, dict) else None)


async def test_what_a_session_was_opened_with_does_not_change(program, monkeypatch):
    update = {"audio": {"input": {"transcription": {"language": "en"}}}}
    async with engine_running(monkeypatch):
        client = await Client(program).begin()
        await client.talk(TALK[:6400])
        await client.send({"type": "session.update", "session": update})
        assert "before the first sound" in (await client.hear(type="error"))["error"]["message"]
        await client.vanish()


async def test_an_utterance_without_text_fails_once(program, monkeypatch):
    monkeypatch.setattr("inference.consumers.asking.GIVE_UP_S", 0.0)
    async with engine_running(monkeypatch):
        monkeypatch.setattr("inference.consumers.hearing.EngineClient.transport", None)
        monkeypatch.setattr("django.conf.settings.AUSCULT_ENGINE_URL", "http://127.0.0.1:9")
        client = await Client(program).begin()
        await client.talk()
        for _ in range(2):
            failed = await client.hear(type=f"{TRANSCRIPTION}.failed")
        await client.vanish()
    check_invariants(client.said)
    assert failed["error"]["code"] == "no_text"


async def test_who_goes_away_in_the_middle_of_a_word_still_gets_it_stored(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Client(program).begin()
        await client.talk(TALK[: 32 * 1200])
        await client.hear(type="input_audio_buffer.speech_started")
        await client.vanish()
    session = await stored()
    assert [one.text for one in session.utterances.all()] == [TEXT]
    assert session.received_ms == 1200
