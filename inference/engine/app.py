"""The engine's HTTP face: POST /v1/transcribe, GET /health, GET /metrics. Decodes nothing itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from inference.engine.config import EngineConfig, UnknownModelError
from inference.engine.engine import SAMPLE_RATE_HZ, Engine
from inference.engine.fallback import Checked, check
from inference.engine.queue import Lane, QueueFullError, SupersededError
from speech.recognizer import ModelLoadError, Recognizer, UnknownLanguageError, load

MAX_AUDIO_S = 30
MAX_BODY_BYTES = MAX_AUDIO_S * SAMPLE_RATE_HZ * 2


class BadAudioError(ValueError):
    """The body is no audio that can be decoded; the message says why."""


def audio_of(body: bytes) -> np.ndarray:
    """PCM16 little-endian 16 kHz mono -> float32 (samples,). Raises BadAudioError."""
    if not body or len(body) % 2:
        raise BadAudioError("The body must be raw 16-bit PCM, 16 kHz, mono, and not empty.")
    return np.frombuffer(body, dtype="<i2").astype(np.float32) / 32768.0


def answer(checked: Checked, model: str, queue_s: float, decode_s: float) -> dict[str, object]:
    return {
        **asdict(checked.hypothesis),
        "flags": checked.flags,
        "rejected_text": checked.rejected_text,
        "model": model,
        "adapter": "",
        "backend": "transformers",
        "pressure": 0,
        "fallback": False,
        "queue_ms": round(queue_s * 1000),
        "decode_ms": round(decode_s * 1000),
    }


def problem(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


def create_app(config: EngineConfig | None = None, loader: Callable[[str], Recognizer] = load) -> FastAPI:
    engine = Engine(config or EngineConfig.from_environment(), loader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engine.start()
        warming = asyncio.create_task(engine.warm_up())
        yield
        warming.cancel()
        engine.stop()

    app = FastAPI(title="Auscult engine", lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.post("/v1/transcribe")
    async def transcribe(
        request: Request,
        model: str = "",
        language: str = "zh",
        lane: Lane = Lane.FINAL,
        word_times: bool = True,
        speech_ms: int | None = None,
        adapter: str = "",
        prompt: str = "",
        hotwords: Annotated[list[str] | None, Query()] = None,
        x_session: str = Header(default=""),
    ) -> JSONResponse:
        engine.metrics.count("auscult_engine_requests_total")
        if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES:
            return problem(413, "audio_too_long", f"At most {MAX_AUDIO_S} s of audio a request.")
        try:
            audio = audio_of(await request.body())
            if len(audio) * 2 > MAX_BODY_BYTES:
                raise BadAudioError(f"At most {MAX_AUDIO_S} s of audio a request.")
            session = x_session or f"alone-{id(request)}"
            found, queue_s, decode_s = await engine.hear(model, audio, lane, session, language, word_times)
        except BadAudioError as error:
            return problem(422, "bad_audio", str(error))
        except UnknownModelError as error:
            return problem(404, "unknown_model", str(error))
        except UnknownLanguageError as error:
            return problem(422, "unknown_language", str(error))
        except ModelLoadError as error:
            return problem(422, "model_not_loadable", str(error))
        except SupersededError:
            return problem(409, "superseded", "A newer request of this session took its place.")
        except QueueFullError:
            engine.metrics.count("auscult_engine_refused_total")
            return problem(503, "busy", "Too many requests wait.", **{"Retry-After": "1"})
        checked = check(found, len(audio) * 1000 // SAMPLE_RATE_HZ, speech_ms)
        if checked.rejected:
            engine.metrics.count("auscult_engine_rejected_total")
        return JSONResponse(answer(checked, engine.config.allowed(model), queue_s, decode_s))

    @app.get("/health")
    async def health() -> JSONResponse:
        body = {"ready": not engine.problem, "problem": engine.problem, "models": engine.cache.refs()}
        return JSONResponse(body, status_code=503 if engine.problem else 200)

    @app.get("/v1/load")
    async def load_now() -> dict[str, object]:
        return {
            "active": 0,
            "capacity": 0.0,
            "accepts": not engine.problem,
            "retry_after_s": 0.0,
            "pressure": 0,
            "device": "cpu",
            "fallback": False,
        }

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        gauges = {
            "auscult_engine_waiting": engine.batcher.waiting,
            "auscult_engine_ready": not engine.problem,
        }
        return PlainTextResponse(engine.metrics.text(**{name: float(v) for name, v in gauges.items()}))

    return app
