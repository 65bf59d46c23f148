"""The native live protocol from the client's side, and a dictation measured with it.

Pure client: knows the protocol and nothing of Django. Used by `make loop`, the live benchmarks and tests.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.live.gold import pcm16
from benchmarks.live.microphone import Microphone
from benchmarks.live.screen import Change, Screen

STOP_TIMEOUT_S = 90.0


class LiveRefusedError(RuntimeError):
    """The server would not take the dictation, or broke it off; the message is its own."""


class NativeClient:
    """One dictation over the product's own WebSocket. What it noted may be read afterwards."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = dict(headers)
        self.session = ""
        self.voice_ended_ms: dict[int, int] = {}  # utterance -> where its voice ended, as the server saw it
        self.detected_ms: dict[int, float] = {}  # utterance -> when the server said so
        self.final_ms: dict[int, float] = {}

    async def dictate(self, microphone: Microphone, screen: Screen) -> None:
        """Raises LiveRefusedError, or TimeoutError when no end comes."""
        try:
            async with connect(
                self._url, additional_headers=self._headers, proxy=None, max_size=None, ping_timeout=None
            ) as socket:
                await self._start(socket)
                reading = asyncio.create_task(self._read(socket, microphone, screen))
                try:
                    await self._speak(socket, microphone)
                    await asyncio.wait_for(reading, STOP_TIMEOUT_S)
                finally:
                    reading.cancel()
                    screen.sent_ms = microphone.sent_ms
        except (OSError, WebSocketException) as broken:
            raise LiveRefusedError(f"{broken} {screen.warnings}") from broken

    async def _start(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "start"}))
        ready = json.loads(await socket.recv())
        if ready["type"] != "ready":
            raise LiveRefusedError(ready.get("message", str(ready)))
        self.session = ready["session"]

    async def _speak(self, socket: ClientConnection, microphone: Microphone) -> None:
        seq = 0
        async for packet in microphone.packets():
            await socket.send(seq.to_bytes(4, "little") + packet)
            seq += 1
        await socket.send(json.dumps({"type": "stop"}))

    async def _read(self, socket: ClientConnection, microphone: Microphone, screen: Screen) -> None:
        """Until the server says that everything is saved and understood."""
        screen.saved_ms = 0
        async for text in socket:
            message = json.loads(text)
            if self._note(message, microphone.now_ms, screen):
                return
        raise LiveRefusedError(f"the connection closed early: {socket.close_code} {screen.warnings}")

    def _note(self, message: dict, now_ms: float, screen: Screen) -> bool:
        """What this client has no use for is passed over: the protocol grows. -> whether it was the last."""
        utterance = message.get("utterance", -1)
        match message["type"]:
            case "ack":
                screen.saved_ms = max(screen.saved_ms or 0, message["saved_ms"])
            case "speech_ended":
                self.voice_ended_ms[utterance] = message["at_ms"]
                self.detected_ms[utterance] = now_ms
            case "partial":
                screen.show(now_ms, Change(utterance, message["text"]))
            case "final":
                self.final_ms[utterance] = now_ms
                screen.show(now_ms, Change(utterance, message["text"], final=True))
                if not message["text"]:
                    screen.declined.append((message["start_ms"], message["end_ms"]))
            case "error":
                screen.warnings.append(message["code"])
            case "stopped":
                screen.saved_ms = message["saved_ms"]
                return True
        return False


@dataclass(slots=True)
class LiveResult:
    """`latencies_ms`: end of the voice in the sound (hangover included) -> final text here, each utterance.

    `detected_ms`: the server was certain that the voice ended -> final text here.
    """

    session: str = ""
    text: str = ""
    latencies_ms: list[float] = field(default_factory=list)
    detected_ms: list[float] = field(default_factory=list)
    lost_audio_ms: int = 0
    errors: list[str] = field(default_factory=list)


async def dictate(url: str, headers: Mapping[str, str], samples: np.ndarray, pace: float = 1.0) -> LiveResult:
    """`samples`: float32 mono 16 kHz in [-1, 1]. `pace` 2 speaks twice as fast as real time.

    Raises LiveRefusedError, or TimeoutError when no end comes.
    """
    client, screen = NativeClient(url, headers), Screen()
    await client.dictate(Microphone(pcm16(samples), pace), screen)
    ended = [utterance for utterance in client.final_ms if utterance in client.voice_ended_ms]
    return LiveResult(
        session=client.session,
        text=screen.text,
        latencies_ms=[client.final_ms[u] - client.voice_ended_ms[u] for u in ended],
        detected_ms=[client.final_ms[u] - client.detected_ms[u] for u in ended],
        lost_audio_ms=screen.sent_ms - (screen.saved_ms or 0),
        errors=screen.warnings,
    )
