"""The engine's HTTP face: POST /v1/transcribe, GET /v1/load, /health, /metrics. Decodes nothing itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from inference.engine.asks import Answer, Ask
from inference.engine.config import EngineConfig
from inference.engine.engine import Engine
from inference.engine.problems import AudioTooLongError, BadAudioError, problem_of
from inference.engine.queue import SAMPLE_RATE_HZ, Lane
from speech.recognizer import Recognizer, load

MAX_AUDIO_S = 30
MAX_BODY_BYTES = MAX_AUDIO_S * SAMPLE_RATE_HZ * 2


class Wanted(BaseModel):
    """The query of POST /v1/transcribe."""

    model: str = ""
    adapter: str = ""
    language: str = "zh"
    lane: Lane = Lane.FINAL
    word_times: bool = True
    prompt: str = ""
    hotwords: list[str] = []
    speech_ms: int | None = None


def create_app(config: EngineConfig | None = None, loader: Callable[..., Recognizer] = load) -> FastAPI:
    engine = Engine(config or EngineConfig.from_environment(), loader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        warming = asyncio.create_task(engine.warm_up())
        yield
        warming.cancel()
        await engine.stop()

    app = FastAPI(title="Auscult engine", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.engine = engine

    @app.post("/v1/transcribe")
    async def transcribe(
        request: Request, wanted: Annotated[Wanted, Query()], x_session: str = Header(default="")
    ) -> JSONResponse:
        engine.metrics.count("auscult_engine_requests_total")
        try:
            audio = audio_of(await body_of(request))
            answer = await engine.hear(ask_of(wanted, audio, x_session))
        except Exception as error:
            refusal = problem_of(error)
            if refusal.status_code == 503:
                engine.metrics.count("auscult_engine_refused_total")
            return refusal
        return JSONResponse(body_of_answer(answer))

    @app.get("/v1/load")
    async def load_now() -> JSONResponse:
        return JSONResponse(load_of(engine))

    @app.get("/health")
    async def health() -> JSONResponse:
        body = {
            "ready": not engine.problem,
            "problem": engine.problem,
            "models": engine.cache.refs(),
            "device": engine.device.name,
            "fallback": engine.device.failover.is_lost,
        }
        return JSONResponse(body, status_code=503 if engine.problem else 200)

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        gauges = {
            "auscult_engine_waiting": engine.batcher.waiting,
            "auscult_engine_ready": not engine.problem,
            "auscult_engine_speakers": engine.admission.active,
            "auscult_engine_pressure": engine.admission.pressure,
            "auscult_engine_fallback": engine.device.failover.is_lost,
        }
        return PlainTextResponse(engine.metrics.text(**{name: float(v) for name, v in gauges.items()}))

    return app


async def body_of(request: Request) -> bytes:
    """Raises AudioTooLongError before more than that is in memory: the length may not be told."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise AudioTooLongError(f"At most {MAX_AUDIO_S} s of audio a request.")
        parts.append(part)
    return b"".join(parts)


def audio_of(body: bytes) -> np.ndarray:
    """PCM16 little-endian 16 kHz mono -> float32 (samples,). Raises BadAudioError."""
    if not body or len(body) % 2:
        raise BadAudioError("The body must be raw 16-bit PCM, 16 kHz, mono, and not empty.")
    return np.frombuffer(body, dtype="<i2").astype(np.float32) / 32768.0


def ask_of(wanted: Wanted, audio: np.ndarray, session: str) -> Ask:
    return Ask(audio=audio, session=session, **{**wanted.model_dump(), "hotwords": tuple(wanted.hotwords)})


def body_of_answer(answer: Answer) -> dict[str, object]:
    return {
        **asdict(answer.checked.hypothesis),
        "flags": answer.checked.flags,
        "rejected_text": answer.checked.rejected_text,
        "model": answer.model,
        "adapter": answer.adapter,
        "backend": answer.backend,
        "pressure": answer.pressure,
        "fallback": answer.fallback,
        "queue_ms": round(answer.queue_s * 1000),
        "decode_ms": round(answer.decode_s * 1000),
    }


def load_of(engine: Engine) -> dict[str, object]:
    """How many speak, how many could (0: not known yet), and whether one more may begin."""
    engine.observe_load()
    admission = engine.admission
    accepts = not engine.problem and not admission.is_full
    capacity = admission.capacity
    return {
        "active": admission.active,
        "capacity": 0.0 if capacity == float("inf") else round(capacity, 1),
        "accepts": accepts,
        "retry_after_s": 0.0 if accepts else admission.options.retry_after_s,
        "pressure": admission.pressure,
        "device": engine.device.name,
        "fallback": engine.device.failover.is_lost,
    }
