"""Who hangs up is not decoded for. The server's own way: `http.disconnect`, and no handler is cancelled."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
from fastapi import FastAPI

from inference.engine.app import create_app
from tests.inference.engine.test_app import CONFIG, SECOND, Recorder
from tests.inference.engine.test_kserve import request


class Client:
    """One POST to an ASGI app, on a line that can be cut."""

    def __init__(self, app: FastAPI, path: str, body: bytes, session: str = "") -> None:
        self._body = body
        self._hung_up = asyncio.Event()
        self.status: int | None = None
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(b"x-session", session.encode()), (b"x-admitted", b"1")],
        }
        self.handler = asyncio.create_task(app(scope, self._receive, self._send))

    def hang_up(self) -> None:
        self._hung_up.set()

    async def _receive(self) -> dict:
        if self._body:
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


@asynccontextmanager
async def busy_engine() -> AsyncIterator[FastAPI]:
    """Warm, and with one utterance in the device's hands that goes on until Recorder.gate is set."""
    Recorder.batches, Recorder.gate = [], None
    app = create_app(replace(CONFIG, max_batch=1), Recorder, warm_before_serving=True)
    async with app.router.lifespan_context(app):
        Recorder.batches, Recorder.gate = [], threading.Event()
        first = Client(app, "/v1/transcribe", SECOND, "first")
        await asyncio.sleep(0.1)
        yield app
        Recorder.gate.set()
        await first.handler


async def until_nothing_waits(app: FastAPI) -> None:
    for _ in range(200):
        if app.state.engine.batcher.is_idle:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{app.state.engine.batcher.waiting} wait")


async def test_who_hung_up_is_not_decoded_for_and_who_did_not_is_answered() -> None:
    async with busy_engine() as app:
        gone = [Client(app, "/v1/transcribe", SECOND, f"gone {n}") for n in range(5)]
        living = Client(app, "/v1/transcribe", SECOND, "living")
        await asyncio.sleep(0.1)
        assert app.state.engine.batcher.waiting == 6
        for client in gone:
            client.hang_up()
        await asyncio.wait_for(asyncio.gather(*(client.handler for client in gone)), 5)
        Recorder.gate.set()
        await living.handler
        await until_nothing_waits(app)
    assert living.status == 200
    assert Recorder.batches == [1, 1], "the first and the living"


async def test_a_kserve_client_takes_all_its_rows_along() -> None:
    body = json.dumps(request(np.zeros((4, 1_600)).tolist(), [4, 1_600])).encode()
    async with busy_engine() as app:
        gone = Client(app, "/v2/models/auscult/infer", body)
        await asyncio.sleep(0.2)
        assert app.state.engine.batcher.waiting == 4
        gone.hang_up()
        await asyncio.wait_for(gone.handler, 5)
        Recorder.gate.set()
        await until_nothing_waits(app)
    assert Recorder.batches == [1], "the first"


async def test_a_client_that_goes_within_its_body_is_no_error_of_ours(caplog) -> None:
    async with busy_engine() as app:
        gone = Client(app, "/v1/transcribe", b"")
        gone.hang_up()
        await asyncio.wait_for(gone.handler, 5)
    assert gone.status == 499
    assert "a request failed" not in caplog.text
