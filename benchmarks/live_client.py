"""Dictates a sound to the live socket in real time and measures what a clinician would notice.

Pure client: knows the native protocol and nothing of Django. Used by `make loop`, benchmarks and tests.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

SAMPLE_RATE_HZ = 16_000
FRAME_MS = 100
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000
STOP_TIMEOUT_S = 90.0


class LiveRefusedError(RuntimeError):
    """The server would not take the dictation; the message is its own."""


@dataclass(slots=True)
class LiveResult:
    """`latencies_ms`: end of the voice in the sound (hangover included) -> final text here, each utterance.

    `detected_ms`: the server was certain that the voice ended -> final text here.
    """

    session: str = ""
    finals: dict[int, str] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    detected_ms: list[float] = field(default_factory=list)
    partials: int = 0
    first_partial_ms: float | None = None  # from the start of the voice
    saved_ms: int = 0
    sent_ms: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(text for _, text in sorted(self.finals.items()) if text)

    @property
    def lost_audio_ms(self) -> int:
        return self.sent_ms - self.saved_ms


async def dictate(url: str, headers: Mapping[str, str], samples: np.ndarray, pace: float = 1.0) -> LiveResult:
    """`samples`: float32 mono 16 kHz in [-1, 1]. `pace` 2 speaks twice as fast as real time.

    Raises LiveRefusedError, or TimeoutError when no end comes.
    """
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    result = LiveResult()
    async with connect(url, additional_headers=dict(headers), proxy=None, max_size=None) as socket:
        await socket.send(json.dumps({"type": "start"}))
        ready = json.loads(await socket.recv())
        if ready["type"] != "ready":
            raise LiveRefusedError(ready.get("message", str(ready)))
        result.session = ready["session"]
        listener = _Listener(result, started_s=time.monotonic(), pace=pace)
        reading = asyncio.create_task(listener.read(socket))
        for seq, first in enumerate(range(0, len(pcm), FRAME_SAMPLES)):
            frame = pcm[first : first + FRAME_SAMPLES]
            # A frame can leave only when its last sample has been spoken.
            await _sleep_until(listener.started_s + (first + len(frame)) / SAMPLE_RATE_HZ / pace)
            await socket.send(seq.to_bytes(4, "little") + frame.tobytes())
            result.sent_ms = (first + len(frame)) * 1000 // SAMPLE_RATE_HZ
        await socket.send(json.dumps({"type": "stop"}))
        await asyncio.wait_for(reading, STOP_TIMEOUT_S)
    return result


@dataclass(slots=True)
class _Listener:
    result: LiveResult
    started_s: float
    pace: float
    _started_ms: dict[int, int] = field(default_factory=dict)
    _ended: dict[int, tuple[int, float]] = field(default_factory=dict)

    def now_ms(self) -> float:
        """How much of the sound has been spoken by now."""
        return (time.monotonic() - self.started_s) * 1000 * self.pace

    async def read(self, socket: ClientConnection) -> None:
        """Until the server says that everything is saved and understood."""
        async for text in socket:
            message = json.loads(text)
            if self._note(message, message.get("utterance", -1)):
                return
        raise LiveRefusedError(f"the connection closed early: {socket.close_code} {self.result.errors}")

    def _note(self, message: dict, utterance: int) -> bool:
        result = self.result
        match message["type"]:
            case "ack":
                result.saved_ms = max(result.saved_ms, message["saved_ms"])
            case "speech_started":
                self._started_ms[utterance] = message["at_ms"]
            case "speech_ended":
                self._ended[utterance] = (message["at_ms"], self.now_ms())
            case "partial":
                result.partials += 1
                if result.first_partial_ms is None and utterance in self._started_ms:
                    result.first_partial_ms = self.now_ms() - self._started_ms[utterance]
            case "final":
                self._final(message, utterance)
            case "error":
                result.errors.append(message["code"])
            case "stopped":
                result.saved_ms = message["saved_ms"]
                return True
        return False

    def _final(self, message: dict, utterance: int) -> None:
        self.result.finals[utterance] = message["text"]
        if utterance in self._ended:
            voice_ended_ms, told_ms = self._ended[utterance]
            self.result.latencies_ms.append(self.now_ms() - voice_ended_ms)
            self.result.detected_ms.append(self.now_ms() - told_ms)


async def _sleep_until(moment_s: float) -> None:
    wait_s = moment_s - time.monotonic()
    if wait_s > 0:
        await asyncio.sleep(wait_s)
