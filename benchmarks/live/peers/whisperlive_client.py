"""WhisperLive's JSON protocol from the client's side: options, PCM16 packets, rows of segments back."""

import asyncio
import json
import time
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.live.microphone import Microphone
from benchmarks.live.screen import Change, Screen
from benchmarks.live_client import LiveRefusedError

READY_TIMEOUT_S = 60.0
# When no more text is to be expected after the last word: it was sent unchanged a few times, or all of it is
# completed for a while, or nothing changed for as long as WhisperLive's own client waits.
SAME_AGAIN, SAME_AGAIN_S, COMPLETED_S, LONGEST_WAIT_S = 3, 2.0, 5.0, 15.0
END_OF_AUDIO = b"END_OF_AUDIO"


class WhisperLiveClient:
    """One dictation. The server acknowledges no sound and ends the transcript at END_OF_AUDIO at once, so the
    client keeps the line open until the text has settled, as WhisperLive's own client does."""

    def __init__(self, url: str, language: str = "zh") -> None:
        self._url = url
        self._uid = str(uuid4())
        self._language = language
        self._completed: list[dict] = []
        self._changed_s = 0.0
        self._unchanged = 0  # messages since the text last changed
        self._all_completed = False

    async def dictate(self, microphone: Microphone, screen: Screen) -> None:
        """Raises LiveRefusedError."""
        try:
            async with connect(self._url, proxy=None, max_size=None, ping_timeout=None) as socket:
                await self._start(socket)
                reading = asyncio.create_task(self._read(socket, microphone, screen))
                try:
                    async for packet in microphone.packets():
                        await socket.send(packet)
                    await self._settled()
                    await socket.send(END_OF_AUDIO)
                finally:
                    reading.cancel()
                    screen.sent_ms = microphone.sent_ms
        except (OSError, WebSocketException, TimeoutError) as broken:
            raise LiveRefusedError(f"WhisperLive broke off: {broken}") from broken

    async def _start(self, socket: ClientConnection) -> None:
        options = {
            "uid": self._uid,
            "language": self._language,
            "task": "transcribe",
            "model": "custom",
            "use_vad": True,
            "audio_format": "int16",
        }
        await socket.send(json.dumps(options))
        answer = json.loads(await asyncio.wait_for(socket.recv(), READY_TIMEOUT_S))
        if answer.get("message") != "SERVER_READY":
            raise LiveRefusedError(f"WhisperLive does not take the client: {answer}")

    async def _settled(self) -> None:
        self._changed_s, self._unchanged = time.monotonic(), 0
        while not self._is_settled(time.monotonic() - self._changed_s):
            await asyncio.sleep(0.1)

    def _is_settled(self, quiet_s: float) -> bool:
        if self._unchanged >= SAME_AGAIN and quiet_s > SAME_AGAIN_S:
            return True
        return quiet_s > (COMPLETED_S if self._all_completed else LONGEST_WAIT_S)

    async def _read(self, socket: ClientConnection, microphone: Microphone, screen: Screen) -> None:
        async for text in socket:
            message = json.loads(text)
            if message.get("segments"):
                self.note(message["segments"], microphone.now_ms, screen)

    def note(self, segments: list[dict], now_ms: float, screen: Screen) -> None:
        """Completed segments come again with every message; what is new is told by its start, as its own
        client tells it. The one that is not completed is rewritten until it is."""
        changes = []
        for segment in segments:
            if segment["completed"] and self._is_new(segment):
                changes.append(Change(len(self._completed), segment["text"], final=True))
                self._completed.append(segment)
        if not segments[-1]["completed"]:
            changes.append(Change(len(self._completed), segments[-1]["text"]))
        self._all_completed = segments[-1]["completed"]
        if screen.show(now_ms, *changes):
            self._changed_s, self._unchanged = time.monotonic(), 0
        else:
            self._unchanged += 1

    def _is_new(self, segment: dict) -> bool:
        return not self._completed or float(segment["start"]) >= float(self._completed[-1]["end"])
