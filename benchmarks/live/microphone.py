"""Sound at the pace at which a person speaks: a packet leaves when its last sample has been spoken.

A server or a socket that is slow does not stop the person: what was spoken meanwhile follows at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

PACKET_MS = 100
BYTES_PER_MS = 32
PACKET_BYTES = PACKET_MS * BYTES_PER_MS


class Microphone:
    """Speaks `pcm` `rounds` times. `pace` 0.25: as slowly as if every server were four times faster.

    The clock starts with the first packet that is asked for: a person speaks when the server says so.
    """

    def __init__(self, pcm: bytes, pace: float = 1.0, rounds: int = 1) -> None:
        self._pcm = pcm
        self._pace = pace
        self._rounds = rounds
        self._started_s: float | None = None
        self.sent_ms = 0

    @property
    def now_ms(self) -> float:
        """How much has been spoken by now; it goes on after the last sample."""
        if self._started_s is None:
            return 0.0
        return (time.monotonic() - self._started_s) * 1000 * self._pace

    @property
    def duration_ms(self) -> int:
        return len(self._pcm) * self._rounds // BYTES_PER_MS

    async def packets(self) -> AsyncIterator[bytes]:
        """PCM16 little-endian, 16 kHz, mono. `sent_ms` grows when the next packet is asked for."""
        self._started_s = time.monotonic()
        spoken_bytes = 0
        for packet in self._all_packets():
            spoken_bytes += len(packet)
            spoken_ms = spoken_bytes / BYTES_PER_MS
            wait_s = (spoken_ms - self.now_ms) / 1000 / self._pace
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            yield packet
            self.sent_ms = int(spoken_ms)

    def _all_packets(self) -> Iterator[bytes]:
        for _ in range(self._rounds):
            for first in range(0, len(self._pcm), PACKET_BYTES):
                yield self._pcm[first : first + PACKET_BYTES]
