"""The engine over HTTP, with a recogniser that needs no model."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.backends.fake import FakeRecognizer
from speech.recognizer import DecodeOptions, ModelLoadError
from speech.types import Hypothesis

SECOND = np.zeros(16_000, np.int16).tobytes()
CONFIG = EngineConfig(base_model="fake:病人血壓一百四十", data_dir=Path("/nonexistent"))


class Recorder(FakeRecognizer):
    """Notes the size of each batch; waits for `gate` when there is one."""

    batches: list[int]
    gate: threading.Event | None = None

    def transcribe(self, batch: Sequence[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        if self.gate:
            self.gate.wait(5)
        self.batches.append(len(batch))
        return super().transcribe(batch, options)


@asynccontextmanager
async def engine(config: EngineConfig = CONFIG, loader=FakeRecognizer) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(config, loader)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://engine") as client,
    ):
        for _ in range(200):
            if (await client.get("/health")).json()["problem"] != "warming up":
                break
            await asyncio.sleep(0.01)
        yield client


async def test_it_hears_text_with_words() -> None:
    async with engine() as client:
        body = (await client.post("/v1/transcribe", content=SECOND * 3)).json()
    assert body["text"] == "病人血壓一百四十"
    assert body["words"][0]["text"] == "病"
    assert body["model"] == CONFIG.base_model


async def test_it_is_ready_only_after_the_warm_up() -> None:
    gate = threading.Event()

    def slow(ref: str) -> FakeRecognizer:
        gate.wait(5)
        return FakeRecognizer(ref)

    app = create_app(CONFIG, slow)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        assert (await client.get("http://engine/health")).status_code == 503
        gate.set()
        for _ in range(200):
            if (await client.get("http://engine/health")).status_code == 200:
                return
            await asyncio.sleep(0.01)
    pytest.fail("never ready")


async def test_a_base_that_cannot_be_loaded_is_named_in_the_health() -> None:
    def broken(ref: str) -> FakeRecognizer:
        raise ModelLoadError("no weights in this folder")

    async with engine(loader=broken) as client:
        health = await client.get("/health")
        answer = await client.post("/v1/transcribe", content=SECOND)
    assert (health.status_code, health.json()["problem"]) == (503, "no weights in this folder")
    assert (answer.status_code, answer.json()["code"]) == (422, "model_not_loadable")


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("?model=/etc", SECOND, 404, "unknown_model"),
        ("?model=someone/whisper", SECOND, 404, "unknown_model"),
        ("", b"", 422, "bad_audio"),
        ("", b"abc", 422, "bad_audio"),
        ("", SECOND * 31, 413, "audio_too_long"),
    ],
)
async def test_bad_requests_get_a_reason(query: str, body: bytes, status: int, code: str) -> None:
    async with engine() as client:
        answer = await client.post(f"/v1/transcribe{query}", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


async def test_requests_that_come_together_are_decoded_together() -> None:
    Recorder.batches, Recorder.gate = [], None
    async with engine(loader=Recorder) as client:
        Recorder.batches, Recorder.gate = [], threading.Event()
        calls = [
            asyncio.create_task(client.post("/v1/transcribe", content=SECOND, headers={"X-Session": str(n)}))
            for n in range(6)
        ]
        await asyncio.sleep(0.2)
        Recorder.gate.set()
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len(Recorder.batches) <= 2
    assert sum(Recorder.batches) == 6


async def test_a_full_queue_says_when_to_come_back() -> None:
    Recorder.batches, Recorder.gate = [], None
    async with engine(replace(CONFIG, max_queued=1), Recorder) as client:
        Recorder.gate = threading.Event()
        calls = []
        for n in range(4):
            headers = {"X-Session": str(n)}
            calls.append(asyncio.create_task(client.post("/v1/transcribe", content=SECOND, headers=headers)))
            await asyncio.sleep(0.1)
        Recorder.gate.set()
        answers = await asyncio.gather(*calls)
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == 2
    assert refused[0].headers["Retry-After"] == "1"


async def test_an_older_partial_of_the_session_gives_way() -> None:
    Recorder.batches, Recorder.gate = [], None
    async with engine(loader=Recorder) as client:
        Recorder.gate = threading.Event()
        statuses = []
        for session in ("other", "me", "me"):
            url, headers = "/v1/transcribe?lane=partial", {"X-Session": session}
            statuses.append(asyncio.create_task(client.post(url, content=SECOND, headers=headers)))
            await asyncio.sleep(0.1)
        Recorder.gate.set()
        answers = await asyncio.gather(*statuses)
    assert [answer.status_code for answer in answers] == [200, 409, 200]


async def test_metrics_are_prometheus_text() -> None:
    async with engine() as client:
        await client.post("/v1/transcribe?lane=batch", content=SECOND)
        text = (await client.get("/metrics")).text
    assert "auscult_engine_ready 1.0" in text
    found = [s for family in text_string_to_metric_families(text) for s in family.samples]
    asked = [s for s in found if s.name == "auscult_engine_requests_total" and s.labels["lane"] == "batch"]
    assert sum(s.value for s in asked) == 1


async def test_the_load_says_that_one_more_may_speak() -> None:
    async with engine() as client:
        headers = {"X-Session": "a"}
        answer = (await client.post("/v1/transcribe", content=SECOND, headers=headers)).json()
        load = (await client.get("/v1/load")).json()
    assert (load["active"], load["accepts"], load["pressure"], load["device"]) == (1, True, 0, "cpu")
    assert load["capacity"] >= 1
    assert (answer["pressure"], answer["fallback"], answer["backend"]) == (0, False, "fake")


async def test_a_full_engine_refuses_a_new_speaker_and_hears_the_old_one() -> None:
    app = create_app(CONFIG, FakeRecognizer)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:

        async def ask(session: str, **headers: str) -> httpx.Response:
            url = "http://engine/v1/transcribe"
            return await client.post(url, content=SECOND, headers={"X-Session": session, **headers})

        assert (await ask("old")).status_code == 200
        app.state.engine.admission._cost = 6.0  # far more than one device can give
        refused = await ask("new")
        load = (await client.get("http://engine/v1/load")).json()
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert (load["accepts"], load["retry_after_s"] > 0) == (False, True)
        assert (await ask("old")).status_code == 200
        assert (await ask("from elsewhere", **{"X-Admitted": "1"})).status_code == 200


async def test_the_door_keeps_places_and_who_has_one_is_heard() -> None:
    app = create_app(CONFIG, FakeRecognizer, warm_before_serving=True)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        app.state.engine.admission._cost = 0.3  # two fit
        came = [(await client.post("http://engine/v1/places")).json()["accepts"] for _ in range(3)]
        assert came == [True, True, False]
        for session in ("a", "b"):
            headers = {"X-Session": session, "X-Admitted": "1"}
            answer = await client.post("http://engine/v1/transcribe", content=SECOND, headers=headers)
            assert answer.status_code == 200
        assert (await client.get("http://engine/v1/load")).json()["active"] == 2


async def test_under_pressure_partials_are_left_out_and_finals_are_not() -> None:
    app = create_app(CONFIG, FakeRecognizer)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        app.state.engine.admission.pressure = 3
        statuses = []
        for lane in ("partial", "final", "batch"):
            url = f"http://engine/v1/transcribe?lane={lane}"
            answer = await client.post(url, content=SECOND, headers={"X-Session": "a"})
            statuses.append(answer.status_code)
    assert statuses == [409, 200, 200]


async def test_a_smaller_model_takes_over_when_nothing_else_is_left() -> None:
    app = create_app(replace(CONFIG, small_model="fake:小"), FakeRecognizer)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        app.state.engine.admission.pressure = 3
        answer = await client.post(
            "http://engine/v1/transcribe", content=SECOND * 2, headers={"X-Session": "a"}
        )
    assert (answer.json()["model"], answer.json()["text"]) == ("fake:小", "小")


async def test_a_body_of_untold_length_ends_at_the_bound() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield SECOND

    async with engine() as client:
        answer = await client.post("/v1/transcribe", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "audio_too_long")


async def test_what_is_held_for_invented_is_kept_aside_in_every_lane() -> None:
    class Doubtful(FakeRecognizer):
        def transcribe(self, batch, options):
            return [replace(one, avg_logprob=-0.9) for one in super().transcribe(batch, options)]

    keywords = ["高血壓", "糖尿病", "心臟病"]
    invented = {"prompt_leak": "高血壓糖尿病心臟病", "known_phrase": "謝謝觀看", "repetition": "好的好的" * 6}
    for flag, text in invented.items():
        async with engine(replace(CONFIG, base_model=f"fake:{text}"), Doubtful) as client:
            for lane in ("final", "partial", "batch"):
                query = {"lane": lane, "hotwords": keywords}
                body = (await client.post("/v1/transcribe", params=query, content=SECOND * 8)).json()
                assert (body["text"], body["rejected_text"]) == ("", text)
                assert flag in body["flags"]


async def test_rows_with_their_own_prompts_share_a_batch() -> None:
    Recorder.batches, Recorder.gate = [], None
    async with engine(loader=Recorder) as client:
        Recorder.batches, Recorder.gate = [], threading.Event()
        calls = []
        for n in range(6):
            query, headers = {"prompt": f"前{n}", "hotwords": [f"詞{n}"]}, {"X-Session": str(n)}
            sent = client.post("/v1/transcribe", params=query, content=SECOND, headers=headers)
            calls.append(asyncio.create_task(sent))
        await asyncio.sleep(0.2)
        Recorder.gate.set()
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    assert len(Recorder.batches) <= 2


async def test_a_failure_of_the_recogniser_is_a_sentence() -> None:
    class Broken(FakeRecognizer):
        def transcribe(self, batch, options):
            raise ValueError("a shape that does not fit")

    async with engine(loader=Broken) as client:
        answer = await client.post("/v1/transcribe", content=SECOND)
        health = await client.get("/health")
    assert (answer.status_code, answer.json()["code"]) == (500, "decode_failed")
    assert "a shape that does not fit" in health.json()["problem"]
