"""A dictation that does not let itself be interrupted: the live page's part, without a page.

Keeps what was said until the server has it on the disk; whatever breaks, it comes back to any of the
addresses and goes on from the frame that the server names. Knows the native protocol and nothing else.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

FRAME_MS = 100
FRAME_BYTES = 3200
PAUSE_S = 0.1
OPEN_S = 10.0  # for a process that was just killed and is coming up
ANSWER_S = 20.0
STOP_S = 120.0


class Broken(Exception):
    """This connection is over; another one goes on."""


@dataclass(slots=True)
class Speaker:
    """`addresses`: where the web processes are (ws://…). `pace` 2 speaks twice as fast as real time."""

    addresses: Sequence[str]
    headers: Mapping[str, str]
    pcm: bytes
    pace: float = 1.0
    patience_s: float = 300.0

    session: str = ""
    acked_seq: int = -1
    connections: int = 0
    back_s: list[float] = field(default_factory=list)  # from a broken connection to the next `ready`
    finals: dict[int, str] = field(default_factory=dict)
    finals_again: int = 0  # texts that came twice, with a different text
    acked_and_asked_again: int = 0  # frames that were acknowledged and that the server wanted once more
    stopped: bool = False
    refusals: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None
    _at: int = 0
    _next: int = 0
    _began_s: float = 0.0

    @property
    def frames(self) -> int:
        return -(-len(self.pcm) // FRAME_BYTES)

    async def dictate(self) -> None:
        """Returns when the server has said that all is kept. Raises TimeoutError when that never comes."""
        self._began_s = time.monotonic()
        async with asyncio.timeout(self.patience_s + len(self.pcm) / 32_000 / self.pace):
            broken_s = None
            while not self.stopped:
                try:
                    await self._one_connection(broken_s)
                except InvalidStatus as refused:
                    if refused.response.status_code < 500:
                        raise
                    await asyncio.sleep(PAUSE_S)
                except (Broken, OSError, WebSocketException, TimeoutError):
                    broken_s = broken_s if self._socket is None and broken_s else time.monotonic()
                    self._socket = None
                    self._at += 1
                    await asyncio.sleep(PAUSE_S)

    @property
    def is_connected(self) -> bool:
        return self._socket is not None and not self.stopped

    def cut(self) -> None:
        """The network goes, without a word to either side."""
        if self._socket:
            self._socket.transport.abort()

    async def _one_connection(self, broken_s: float | None) -> None:
        url = self.addresses[self._at % len(self.addresses)]
        async with connect(
            url, additional_headers=dict(self.headers), proxy=None, max_size=None, open_timeout=OPEN_S
        ) as socket:
            resume = {"session": self.session, "have_utterances": len(self.finals)} if self.session else {}
            await socket.send(json.dumps({"type": "start", **resume}))
            await self._greeted(json.loads(await asyncio.wait_for(socket.recv(), ANSWER_S)))
            if self.stopped:
                return
            self._socket = socket
            self.connections += 1
            if broken_s:
                self.back_s.append(time.monotonic() - broken_s)
            talking = asyncio.create_task(self._talk(socket))
            try:
                async for text in socket:
                    if self._note(json.loads(text)):
                        return
                raise Broken
            finally:
                talking.cancel()
                with suppress(asyncio.CancelledError, OSError, WebSocketException):
                    await talking

    async def _greeted(self, ready: dict) -> None:
        if ready["type"] == "ready":
            self.session = ready["session"]
            self.acked_and_asked_again += max(0, self.acked_seq + 1 - ready["next_seq"])
            self._next = ready["next_seq"]
            return
        self.refusals.append(ready.get("code", "?"))
        if ready.get("code") == "session_over" and self.acked_seq + 1 >= self.frames:
            self.stopped = True  # the word that it is over was lost on the way
            return
        raise Broken

    async def _talk(self, socket: ClientConnection) -> None:
        while True:
            while self._next < self.frames:
                seq = self._next
                # A frame can leave only when its last sample has been spoken.
                spoken_s = self._began_s + (seq + 1) * FRAME_MS / 1000 / self.pace
                await asyncio.sleep(max(0.0, spoken_s - time.monotonic()))
                if seq == self._next:  # the server has not asked for another one meanwhile
                    frame = self.pcm[seq * FRAME_BYTES : (seq + 1) * FRAME_BYTES]
                    await socket.send(seq.to_bytes(4, "little") + frame)
                    self._next = seq + 1
            if self.acked_seq + 1 >= self.frames:
                await socket.send(json.dumps({"type": "stop"}))
                await asyncio.sleep(STOP_S)
                raise Broken
            await asyncio.sleep(0.05)

    def _note(self, message: dict) -> bool:
        """-> is it over?"""
        match message["type"]:
            case "ack":
                self.acked_seq = max(self.acked_seq, message["seq"])
            case "final":
                before = self.finals.get(message["utterance"])
                self.finals_again += before is not None and before != message["text"]
                self.finals[message["utterance"]] = message["text"]
            case "error" if message["code"] in ("gap", "not_saved"):
                self._next = message["next_seq"]
            case "error" if message["code"] == "taken_over":
                raise Broken
            case "stopped":
                self.stopped = True
        return self.stopped
