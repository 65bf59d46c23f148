"""Sound that is not known to be on the disk yet, for clients that cannot send it again.

LiveRun acknowledges frames by number and asks for them again when the disk refused; here it is answered.
"""

import asyncio
from collections import deque

from inference.consumers.live_run import LiveRun, Saved

FRAME_BYTES = 32_000  # a second
MOST_FRAMES = 120  # fewer than fit into LiveRun's line: putting one never waits there, so order holds
AGAIN_S = 1.0
MOST_REFUSALS = 60


class DiskRefusedError(Exception):
    """For a minute nothing could be written."""


class UnsavedSound:
    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self._frames: deque[tuple[int, bytes]] = deque()
        self._again: asyncio.Task[None] | None = None
        self._refusals = 0
        self._changed = asyncio.Event()

    async def put(self, pcm: bytes) -> None:
        """Waits while much is unsaved, so that the sender does too. Raises DiskRefusedError."""
        for first in range(0, len(pcm), FRAME_BYTES):
            await self._wait(MOST_FRAMES)
            await self._put(pcm[first : first + FRAME_BYTES])

    async def written(self) -> None:
        """Everything is on the disk. Raises DiskRefusedError."""
        await self._wait(1)

    async def _wait(self, fewer_than: int) -> None:
        while True:
            if self._refusals >= MOST_REFUSALS:
                raise DiskRefusedError
            if not self._again and len(self._frames) < fewer_than:
                return
            self._changed.clear()
            await self._changed.wait()

    def saved(self, notice: Saved) -> None:
        self._refusals = 0
        while self._frames and self._frames[0][0] <= notice.seq:
            self._frames.popleft()
        self._changed.set()

    def refused(self) -> None:
        """At once, before anything newer can take a number; what waits is put again a moment later."""
        self._refusals += 1
        self._changed.set()
        if self._again is None and self._refusals < MOST_REFUSALS:
            self._again = asyncio.create_task(self._put_again())

    async def _put_again(self) -> None:
        await asyncio.sleep(AGAIN_S)
        frames = [frame for _seq, frame in self._frames]
        self._frames.clear()
        for frame in frames:
            await self._put(frame)
        self._again = None
        self._changed.set()

    async def _put(self, frame: bytes) -> None:
        self._frames.append((self._run.next_seq, frame))
        await self._run.put(frame)
