"""POST /v1/audio/transcriptions: OpenAI's formats, errors and streaming, over a real engine app."""

import asyncio
import json
import threading

import httpx
import pytest
from channels.db import database_sync_to_async as from_db
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient

from inference.api import sound
from inference.consumers.hearing import EngineClient
from inference.models import Scope
from tests.factories import make_live_model
from tests.inference.consumers.clinic import TEXT, engine_running
from tests.inference.keys import make_program
from tests.inference.speech import DURATION_S, dictation_wav

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/v1/audio/transcriptions"


@pytest.fixture
def program(transactional_db):
    return make_program()


async def ask(program, sound: bytes | None = None, key: str = "", name: str = "sound.wav", **fields):
    file = SimpleUploadedFile(name, dictation_wav() if sound is None else sound)
    authorization = f"Bearer {key or program.secret}"
    return await AsyncClient().post(
        ADDRESS, {"file": file, "model": "whisper-1", **fields}, headers={"Authorization": authorization}
    )


async def test_the_text_of_a_file(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program)
    assert answer.status_code == 200
    assert answer.json() == {
        "text": TEXT + TEXT,
        "usage": {"type": "duration", "seconds": pytest.approx(DURATION_S, abs=0.01)},
    }


async def test_logprobs_of_its_tokens(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program, **{"include[]": "logprobs"})
    logprobs = answer.json()["logprobs"]
    assert len(logprobs) == 2 * len(TEXT)
    assert bytes(logprobs[0]["bytes"]).decode() == logprobs[0]["token"] == "病"
    assert logprobs[0]["logprob"] == pytest.approx(-0.1)


async def test_plain_text_and_subtitles(program, monkeypatch):
    async with engine_running(monkeypatch):
        texts = {name: await ask(program, response_format=name) for name in ("text", "srt", "vtt")}
    assert texts["text"].content.decode() == TEXT + TEXT + "\n"
    srt, vtt = texts["srt"].content.decode(), texts["vtt"].content.decode()
    assert srt.startswith("1\n00:00:0") and srt.count("-->") == 2 and f"\n{TEXT}\n\n2\n" in srt
    assert vtt.startswith("WEBVTT\n\n00:00:0") and vtt.count(TEXT) == 2


async def test_words_and_segments_in_the_time_of_the_file(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(
            program,
            response_format="verbose_json",
            language="zh-TW",
            **{"timestamp_granularities[]": ["word", "segment"]},
        )
    body = answer.json()
    assert (body["language"], body["task"]) == ("chinese", "transcribe")
    first, second = body["segments"]
    assert 0.5 < first["start"] < first["end"] <= second["start"] < second["end"] <= body["duration"]
    assert [first["id"], second["id"]] == [0, 1] and first["avg_logprob"] == pytest.approx(-0.1)
    words = body["words"]
    assert len(words) == 2 * len(TEXT)
    assert words[0]["start"] == pytest.approx(first["start"])
    assert words[-1]["end"] == pytest.approx(second["end"], abs=0.01)
    assert words == sorted(words, key=lambda word: word["start"])


async def test_only_words_when_only_words_are_asked_for(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program, response_format="verbose_json", **{"timestamp_granularities[]": "word"})
    assert "words" in answer.json() and "segments" not in answer.json()


async def events(answer) -> list[dict]:
    said = b"".join([chunk async for chunk in answer.streaming_content]).decode()
    return [json.loads(line.removeprefix("data: ")) for line in said.splitlines() if line.startswith("data:")]


async def test_a_stream_of_deltas_that_are_the_whole_text_in_the_end(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program, stream="true", **{"include[]": "logprobs"})
        said = await events(answer)
    assert answer["Content-Type"] == "text/event-stream"
    assert [event["type"] for event in said] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert said[-1]["text"] == "".join(event["delta"] for event in said[:-1]) == TEXT + TEXT
    assert said[-1]["usage"]["output_tokens"] == len(said[-1]["logprobs"]) == 2 * len(TEXT)


async def test_segments_only_for_who_asked(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program, stream="true", **{"timestamp_granularities[]": "segment"})
        said = await events(answer)
    segments = [event for event in said if event["type"] == "transcript.text.segment"]
    assert [segment["text"] for segment in segments] == [TEXT, TEXT]
    assert segments[0]["end"] <= segments[1]["start"]


async def test_texts_come_in_the_order_of_the_sound(program, monkeypatch):
    """The first utterance is answered after the second."""
    asked = []

    class SlowFirst(httpx.AsyncBaseTransport):
        def __init__(self, real):
            self.real = real

        async def handle_async_request(self, request):
            asked.append(request)
            while len(asked) < 2:
                await asyncio.sleep(0)
            if request is asked[0]:
                await second_is_done.wait()
            answer = await self.real.handle_async_request(request)
            second_is_done.set()
            return answer

    async with engine_running(monkeypatch):
        second_is_done = asyncio.Event()
        monkeypatch.setattr(EngineClient, "transport", SlowFirst(EngineClient.transport))
        answer = await ask(program, response_format="verbose_json")
    starts = [segment["start"] for segment in answer.json()["segments"]]
    assert len(starts) == 2 and starts == sorted(starts)


async def test_silence_is_an_empty_text(program, monkeypatch):
    quiet = dictation_wav()[:44] + bytes(len(dictation_wav()) - 44)
    async with engine_running(monkeypatch):
        for name in ("json", "verbose_json"):
            answer = await ask(program, sound=quiet, response_format=name)
            assert answer.json()["text"] == ""
        streamed = await events(await ask(program, sound=quiet, stream="true"))
    assert [event["type"] for event in streamed] == ["transcript.text.done"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "docx"}, "response_format"),
        ({"language": "klingonese"}, "language"),
        ({"temperature": "7"}, "temperature"),
        ({"timestamp_granularities[]": "line"}, "timestamp_granularities"),
        ({"include[]": "secrets"}, "include"),
        ({"chunking_strategy": "[1]"}, "chunking_strategy"),
        ({"chunking_strategy": '{"type": "server_vad", "threshold": 7}'}, "chunking_strategy"),
        ({"model": "nothing"}, "model"),
    ],
)
async def test_a_wrong_field_is_named(program, monkeypatch, fields, param):
    async with engine_running(monkeypatch):
        answer = await ask(program, **fields)
    assert answer.status_code in (400, 404)
    problem = answer.json()["error"]
    assert problem["param"] == param and problem["type"] == "invalid_request_error" and problem["message"]


async def test_a_chunking_strategy_is_followed(program, monkeypatch):
    async with engine_running(monkeypatch):
        strategy = json.dumps({"type": "server_vad", "silence_duration_ms": 5000})
        answer = await ask(program, chunking_strategy=strategy)
    assert answer.json()["text"] == TEXT


async def test_what_is_no_sound_is_refused(program, monkeypatch):
    async with engine_running(monkeypatch):
        answers = [await ask(program, sound=sound) for sound in (b"", b"not a sound", dictation_wav()[:40])]
    assert {answer.status_code for answer in answers} == {400}
    assert all(answer.json()["error"]["param"] == "file" for answer in answers)


async def test_a_missing_file_and_a_body_that_is_no_form(program):
    for body, kind in ((b"{}", "application/json"), (b"x", "multipart/form-data; boundary=a")):
        answer = await AsyncClient().post(ADDRESS, body, content_type=kind, headers=program.headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in {"missing_file", "bad_form"}


async def test_a_file_over_the_limits_is_refused(program, settings):
    await from_db(make_live_model)(f"fake:{TEXT}")
    settings.AUSCULT_API_MAX_S = 2
    too_long = await ask(program)
    settings.AUSCULT_MAX_UPLOAD_MB = 0
    too_large = await ask(program)
    assert (too_long.status_code, too_large.status_code) == (413, 413)
    assert too_long.json()["error"]["code"] == "audio_too_long"


@pytest.mark.parametrize("key", ["wrong", "auscult_wrong", "ek_wrong"])
async def test_a_wrong_key_is_401(program, key):
    answer = await ask(program, key=key)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] in {"invalid_api_key", "invalid_token"}


async def test_no_key_is_401_even_with_a_login(program):
    client = AsyncClient()
    await client.aforce_login(program.user)
    answer = await client.post(ADDRESS, {"file": SimpleUploadedFile("a.wav", dictation_wav())})
    assert answer.status_code == 401


async def test_the_scope_decides(transactional_db):
    program = await from_db(make_program)(Scope.LIVE)
    answer = await ask(program)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


async def test_an_engine_that_is_away_is_503_with_a_time_to_come_back(program, monkeypatch):
    await from_db(make_live_model)(f"fake:{TEXT}")
    monkeypatch.setattr("inference.api.ear.PATIENCE_S", 0.0)
    monkeypatch.setattr("django.conf.settings.AUSCULT_ENGINE_URL", "http://127.0.0.1:9")
    answer = await ask(program)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "1" and answer.json()["error"]["type"] == "server_error"
    streamed = await ask(program, stream="true")
    said = b"".join([chunk async for chunk in streamed.streaming_content]).decode()
    assert said.startswith("event: error\ndata: ") and "engine_busy" in said


async def test_files_that_wait_to_be_decoded_hold_up_nothing_else(program, monkeypatch):
    """Live sound goes to the disk in the threads that all share."""
    go_on, decode = threading.Event(), sound.decode

    def slow(*about, **more):
        go_on.wait(30)
        return decode(*about, **more)

    monkeypatch.setattr(sound, "decode", slow)
    async with engine_running(monkeypatch):
        asked = [asyncio.create_task(ask(program)) for _ in range(24)]
        await asyncio.sleep(1)
        async with asyncio.timeout(5):
            await asyncio.to_thread(lambda: None)
        go_on.set()
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}


async def test_more_terms_than_anybody_reads_are_refused(program, monkeypatch):
    async with engine_running(monkeypatch):
        answer = await ask(program, **{"keywords[]": ["高血壓藥" * 20] * 100})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "too_many_terms"
