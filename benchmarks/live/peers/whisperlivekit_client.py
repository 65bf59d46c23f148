"""WhisperLiveKit's JSON protocol from the client's side: PCM16 packets, all lines and a tail back."""

import asyncio
import json

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.live.microphone import Microphone
from benchmarks.live.screen import Change, Screen
from benchmarks.live_client import STOP_TIMEOUT_S, LiveRefusedError

END_OF_AUDIO = b""


class WhisperLiveKitClient:
    """One dictation. The server acknowledges no sound; it says when everything that it got is written."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def dictate(self, microphone: Microphone, screen: Screen) -> None:
        """Raises LiveRefusedError, or TimeoutError when no end comes."""
        try:
            async with connect(self._url, proxy=None, max_size=None, ping_timeout=None) as socket:
                reading = asyncio.create_task(self._read(socket, microphone, screen))
                try:
                    async for packet in microphone.packets():
                        await socket.send(packet)
                    await socket.send(END_OF_AUDIO)
                    await asyncio.wait_for(reading, STOP_TIMEOUT_S)
                finally:
                    reading.cancel()
                    screen.sent_ms = microphone.sent_ms
        except (OSError, WebSocketException) as broken:
            raise LiveRefusedError(f"WhisperLiveKit broke off: {broken}") from broken

    async def _read(self, socket: ClientConnection, microphone: Microphone, screen: Screen) -> None:
        async for text in socket:
            message = json.loads(text)
            if message.get("type") == "ready_to_stop":
                return
            if message.get("error"):
                raise LiveRefusedError(f"WhisperLiveKit: {message['error']}")
            if "lines" in message:
                self.note(message, microphone.now_ms, screen)
        raise LiveRefusedError(f"WhisperLiveKit closed early: {socket.close_code}")

    def note(self, message: dict, now_ms: float, screen: Screen) -> None:
        """Every message has all lines, in between those of silence, and what may still change after them."""
        texts = [line["text"] or "" for line in message["lines"]]
        tail = message["buffer_transcription"]
        if tail and texts and texts[-1]:
            texts[-1] += tail
        elif tail:
            texts.append(tail)
        gone = range(len(texts), len(screen.segments))
        screen.show(now_ms, *map(Change, range(len(texts)), texts), *(Change(n, "") for n in gone))
