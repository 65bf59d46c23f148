"""A program at a vendor's WebSocket, without a server between: the routes as the web process has them."""

import asyncio
import json
from typing import Any

from asgiref.testing import ApplicationCommunicator

from config.asgi import application
from inference.consumers import guest
from tests.inference.streaming.sounds import pcm, silence, tone

TALK = pcm(silence(0.5), tone(1.5), silence(1), tone(1.5), silence(1))  # two utterances
STEP_BYTES = 6400


class Guest:
    """`key` goes into the header, `subprotocols` and `origin` are a browser's."""

    def __init__(
        self,
        path: str,
        key: str = "",
        query: str = "",
        subprotocols: tuple[str, ...] = (),
        origin: str = "",
        client: tuple[str, int] = ("192.0.2.7", 4711),
        cookie: str = "",
        **headers: str,
    ) -> None:
        named = {
            "authorization": f"Bearer {key}" if key else "",
            "origin": origin,
            "cookie": cookie,
            **headers,
        }
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in named.items() if value
            ],
            "subprotocols": list(subprotocols),
            "client": client,
            "extensions": {"websocket.http.response": {}},
        }
        self.socket = ApplicationCommunicator(application, scope)
        self.said: list[dict[str, Any]] = []

    async def knock(self) -> dict[str, Any]:
        """-> the server's first answer: an accepted socket, or an HTTP refusal."""
        await self.socket.send_input({"type": "websocket.connect"})
        return await self.socket.receive_output(timeout=20)

    async def open(self) -> "Guest":
        answer = await self.knock()
        assert answer["type"] == "websocket.accept", answer
        return self

    async def send(self, message: dict[str, Any] | str | bytes) -> None:
        if isinstance(message, bytes):
            await self.socket.send_input({"type": "websocket.receive", "bytes": message})
            return
        text = message if isinstance(message, str) else json.dumps(message)
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, **wanted: Any) -> dict[str, Any]:
        """The next message that has these fields; those before it are kept in `said` as well."""
        async with asyncio.timeout(20):
            while True:
                message = await self._next()
                if "code" in message and message.get("type") == "websocket.close":
                    raise AssertionError(f"closed with {message} before {wanted}; said {self.said}")
                self.said.append(message)
                if all(message.get(name) == value for name, value in wanted.items()):
                    return message

    async def closed(self) -> dict[str, Any]:
        """-> the close, with what came before it in `said`."""
        async with asyncio.timeout(20):
            while True:
                message = await self._next()
                if message.get("type") == "websocket.close":
                    return message
                self.said.append(message)

    async def vanish(self) -> None:
        """On return what it said is stored: no test writes into the rows of the next one."""
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await self.socket.wait(timeout=20)
        await until_ended()

    async def _next(self) -> dict[str, Any]:
        output = await self.socket.receive_output(timeout=20)
        return output if output["type"] == "websocket.close" else json.loads(output["text"])

    def kinds(self) -> list[str]:
        return [message.get("type", "") for message in self.said]


async def until_ended() -> None:
    """What goes on after a client has gone: its last words are understood and stored."""
    loop = asyncio.get_running_loop()
    while going_on := [task for task in guest._background if task.get_loop() is loop]:
        await asyncio.wait(going_on)


def in_steps(sound: bytes, step: int = STEP_BYTES) -> list[bytes]:
    return [sound[first : first + step] for first in range(0, len(sound), step)]
