"""A clinic for WebSocket tests: an engine in this process, an ear for tones, a page that dictates.

Built on asgiref: importing channels.testing needs daphne, which Auscult does not use.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from accounts.models import Site, User
from inference.consumers import beginning
from inference.consumers.hearing import EngineClient
from inference.consumers.routing import websocket_urlpatterns
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.backends.fake import FakeRecognizer
from tests.factories import make_live_model
from tests.inference.streaming.sounds import EnergyVad

TEXT = "病人血壓一百四十"
FRAME_BYTES = 3200


@asynccontextmanager
async def engine_running(monkeypatch: pytest.MonkeyPatch, loader=FakeRecognizer) -> AsyncIterator[None]:
    """Every session of the block is heard by an engine that understands TEXT."""
    app = create_app(EngineConfig(base_model=f"fake:{TEXT}", data_dir=Path("/nonexistent")), loader)
    monkeypatch.setattr(EngineClient, "transport", httpx.ASGITransport(app=app))
    monkeypatch.setattr(beginning, "StreamingVad", EnergyVad)
    await database_sync_to_async(make_live_model)(f"fake:{TEXT}")
    async with app.router.lifespan_context(app):
        yield


class Page:
    """What the browser does, without one."""

    def __init__(self, user: User | AnonymousUser, site: Site | None = None) -> None:
        query = f"site={site.uuid}" if site else ""
        scope = {"type": "websocket", "path": "/ws/live/", "query_string": query.encode(), "headers": []}
        self.socket = ApplicationCommunicator(_logged_in(user), scope)
        self.session = ""
        self.seq = 0

    async def open(self, session: str = "", **start: object) -> dict:
        await self.connect()
        await self.say({"type": "start", **({"session": session} if session else {}), **start})
        ready = await self.hear("ready", "error")
        self.session, self.seq = ready.get("session", ""), ready.get("next_seq", 0)
        return ready

    async def connect(self) -> None:
        await self.socket.send_input({"type": "websocket.connect"})
        assert (await self.socket.receive_output(timeout=5))["type"] == "websocket.accept"

    async def closed(self) -> int:
        """-> the close code."""
        return (await self.socket.receive_output(timeout=5))["code"]

    async def say(self, message: dict) -> None:
        await self.send(text=json.dumps(message))

    async def send(self, **data: str | bytes) -> None:
        await self.socket.send_input({"type": "websocket.receive", **data})

    async def frame(self, pcm: bytes, seq: int | None = None) -> None:
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        await self.send(bytes=seq.to_bytes(4, "little") + pcm)

    async def dictate(self, pcm: bytes) -> None:
        for first in range(0, len(pcm), FRAME_BYTES):
            await self.frame(pcm[first : first + FRAME_BYTES])

    async def hear(self, *kinds: str, timeout_s: float = 5) -> dict:
        """The next message of one of the kinds; others are passed over."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.next_message()
                if message["type"] in kinds:
                    return message

    async def stop(self) -> list[dict]:
        """-> everything that was said until the end."""
        await self.say({"type": "stop"})
        said: list[dict] = []
        while not said or said[-1]["type"] != "stopped":
            said.append(await self.next_message())
        return said

    async def next_message(self) -> dict:
        return json.loads((await self.socket.receive_output(timeout=5))["text"])

    async def vanish(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await self.socket.wait(timeout=5)


def _logged_in(user: User | AnonymousUser):  # type: ignore[no-untyped-def]
    """The socket's application behind a login that has succeeded."""
    router = URLRouter(websocket_urlpatterns)

    async def application(scope, receive, send):  # type: ignore[no-untyped-def]
        return await router({**scope, "user": user}, receive, send)

    return application
