"""The Open Inference Protocol (KServe v2), for hospitals whose gateway or client already speaks to Triton.

Sound in, text out: AUDIO is FP32 samples, one utterance or one a row, or BYTES with base64 of PCM16, all
16 kHz mono. A client may send it as raw bytes behind the JSON (the binary data extension, Triton's default).
The work goes the engine's own way, in lane `batch`.
"""

import asyncio
import json
from collections.abc import Sequence

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from inference.engine.asks import Answer, Ask
from inference.engine.config import UnknownModelError
from inference.engine.engine import Engine
from inference.engine.hangup import unless_gone
from inference.engine.problems import problem_of
from inference.engine.queue import Lane
from inference.engine.sound import MAX_BODY_BYTES, body_of
from inference.engine.tensors import FLOAT_BYTES, MAX_ROWS, read

DEFAULT_MODEL = "auscult"  # the base model; other names are folders of models/ in the data folder
HEADER_LENGTH = "Inference-Header-Content-Length"


def kserve_routes(engine: Engine) -> APIRouter:
    routes = APIRouter(prefix="/v2")

    @routes.get("")
    async def server() -> dict[str, object]:
        return {"name": "auscult", "version": "1", "extensions": ["binary_tensor_data"]}

    @routes.get("/health/live")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        return JSONResponse({"ready": not engine.problem}, status_code=503 if engine.problem else 200)

    @routes.get("/models/{name}")
    async def metadata(name: str) -> JSONResponse:
        try:
            model_named(engine, name)
        except UnknownModelError as error:
            return refusal(error)
        return JSONResponse(metadata_of(name))

    @routes.get("/models/{name}/ready")
    async def model_ready(name: str) -> JSONResponse:
        try:
            is_ready = not engine.problem and bool(model_named(engine, name))
        except UnknownModelError as error:
            return refusal(error)
        return JSONResponse({"name": name, "ready": is_ready}, status_code=200 if is_ready else 503)

    @routes.post("/models/{name}/infer")
    async def infer(name: str, request: Request) -> JSONResponse:
        try:
            body = await body_of(request, MAX_ROWS * FLOAT_BYTES // 2 * MAX_BODY_BYTES)
            ask = Ask(np.zeros(0, np.float32), model_named(engine, name), lane=Lane.BATCH)
            # A long list of numbers in JSON takes a second to read: not where others are answered.
            wanted, asks = await asyncio.to_thread(read, body, request.headers.get(HEADER_LENGTH), ask)
            answers = await unless_gone(request, hear_all(engine, asks))
        except Exception as error:
            return refusal(error)
        return JSONResponse(response_of(name, wanted.id, answers))

    return routes


async def hear_all(engine: Engine, asks: Sequence[Ask]) -> list[Answer]:
    """In order. Where one fails, nobody waits for the others any more."""
    hearing = [asyncio.create_task(engine.hear(one)) for one in asks]
    try:
        return await asyncio.gather(*hearing)
    finally:
        for one in hearing:
            one.cancel()


def model_named(engine: Engine, name: str) -> str:
    """-> its reference. Raises UnknownModelError."""
    if name == DEFAULT_MODEL:
        return engine.config.base_model
    return engine.config.allowed(str(engine.config.data_dir / "models" / name))


def metadata_of(name: str) -> dict[str, object]:
    return {
        "name": name,
        "versions": ["1"],
        "platform": "auscult",
        "inputs": [
            {"name": "AUDIO", "datatype": "FP32", "shape": [-1, -1]},
            {"name": "LANGUAGE", "datatype": "BYTES", "shape": [1]},
        ],
        "outputs": [
            {"name": "TEXT", "datatype": "BYTES", "shape": [-1]},
            {"name": "AVG_LOGPROB", "datatype": "FP32", "shape": [-1]},
            {"name": "REJECTED_TEXT", "datatype": "BYTES", "shape": [-1]},
        ],
    }


def response_of(name: str, request_id: str, answers: Sequence[Answer]) -> dict[str, object]:
    count = [len(answers)]
    heard = [answer.checked.hypothesis for answer in answers]
    rejected = [answer.checked.rejected_text for answer in answers]
    outputs = [
        {"name": "TEXT", "datatype": "BYTES", "shape": count, "data": [one.text for one in heard]},
        {
            "name": "AVG_LOGPROB",
            "datatype": "FP32",
            "shape": count,
            "data": [one.avg_logprob for one in heard],
        },
        {"name": "REJECTED_TEXT", "datatype": "BYTES", "shape": count, "data": rejected},
    ]
    return {"model_name": name, "model_version": "1", "id": request_id, "outputs": outputs}


def refusal(error: Exception) -> JSONResponse:
    """The protocol's own shape: {"error": sentence}."""
    answer = problem_of(error)
    body = {"error": json.loads(bytes(answer.body))["message"]}
    kept = {name: value for name, value in answer.headers.items() if name == "retry-after"}
    return JSONResponse(
        body, status_code=400 if answer.status_code == 422 else answer.status_code, headers=kept
    )
