"""The engine's HTTP face: /v1/transcribe, /v1/places, /v1/load, /health, /metrics. Decodes nothing itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import numpy as np
from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from base import traces, traces_export
from base.metrics_access import MetricsAccess
from inference.engine.asks import Answer, Ask
from inference.engine.config import EngineConfig
from inference.engine.engine import Engine
from inference.engine.hangup import unless_gone
from inference.engine.kserve import kserve_routes
from inference.engine.problems import problem_of
from inference.engine.queue import Lane
from inference.engine.sound import audio_of, body_of
from speech.recognizer import Recognizer, load


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


def create_app(
    config: EngineConfig | None = None,
    loader: Callable[..., Recognizer] = load,
    warm_before_serving: bool = False,
) -> FastAPI:
    """`warm_before_serving`: nothing is answered before the warm-up, where whoever starts the app waits for
    that; otherwise /health is answered at once and says when it is ready."""
    engine = Engine(config or EngineConfig.from_environment(), loader)
    readers = MetricsAccess.from_environment()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        traces_export.start(traces_export.TraceOptions.from_environment(), service="auscult-engine")
        await engine.start()
        warming = asyncio.create_task(engine.warm_up())
        if warm_before_serving:
            await warming
        yield
        warming.cancel()
        await engine.stop()

    app = FastAPI(title="Auscult engine", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.include_router(kserve_routes(engine))

    @app.post("/v1/transcribe")
    async def transcribe(
        request: Request,
        wanted: Annotated[Wanted, Query()],
        x_session: str = Header(default=""),
        x_admitted: bool = Header(default=False),
    ) -> JSONResponse:
        try:
            with traces.within("transcribe", parent=traces.remote(request.headers), server=True):
                audio = audio_of(await body_of(request))
                ask = ask_of(wanted, audio, x_session, x_admitted)
                answer = await unless_gone(request, engine.hear(ask))
        except Exception as error:
            return problem_of(error)
        return JSONResponse(body_of_answer(answer))

    @app.get("/v1/load")
    async def load_now() -> JSONResponse:
        return JSONResponse(load_of(engine))

    @app.post("/v1/places")
    async def place() -> JSONResponse:
        """Asked at the door, before a session begins. `accepts`: a place is kept for it."""
        body = load_of(engine)
        return JSONResponse(body | {"accepts": engine.promise_place()})

    @app.get("/health")
    async def health() -> JSONResponse:
        body = {
            "ready": not engine.problem,
            "problem": engine.problem,
            "models": engine.cache.refs(),
            "device": engine.device.name,
            "fallback": engine.device.failover.is_lost,
            "process": os.getpid(),
        }
        return JSONResponse(body, status_code=503 if engine.problem else 200)

    @app.get("/metrics")
    async def metrics(request: Request) -> PlainTextResponse:
        if not readers.allows(request.client.host if request.client else "", request.headers):
            return PlainTextResponse("Not from here: see AUSCULT_METRICS_ALLOW.\n", status_code=403)
        return PlainTextResponse(engine.metrics.text(**gauges_of(engine)), media_type=CONTENT_TYPE_LATEST)

    return app


def ask_of(wanted: Wanted, audio: np.ndarray, session: str, admitted: bool) -> Ask:
    asked = {**wanted.model_dump(), "hotwords": tuple(wanted.hotwords)}
    return Ask(audio=audio, session=session, admitted=admitted, **asked)


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


def gauges_of(engine: Engine) -> dict[str, float]:
    load = load_of(engine)
    return {
        "auscult_engine_ready": float(not engine.problem),
        "auscult_engine_waiting": engine.batcher.waiting,
        "auscult_engine_queue_age_seconds": engine.batcher.oldest_age_s,
        "auscult_engine_active_sessions": engine.admission.active,
        "auscult_engine_capacity_sessions": float(str(load["capacity"])),
        "auscult_engine_pressure": engine.admission.pressure,
        "auscult_engine_fallback": float(engine.device.failover.is_lost),
        "auscult_engine_models": len(engine.cache.refs()),
        "auscult_engine_adapters": len(engine.device.adapters.refs()),
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
        "ready": not engine.problem,
    }
