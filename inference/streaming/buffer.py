"""The recent sound of one session by absolute sample position; keeps only what may still be asked."""

import numpy as np

_DROP_AT_LEAST = 16_000


class AudioBuffer:
    """int16 samples from `start` (inclusive) to `end` (exclusive), both from the session's beginning."""

    def __init__(self, start: int = 0) -> None:
        self.start = start
        self.end = start
        self._chunks: list[np.ndarray] = []

    def append(self, samples: np.ndarray) -> None:
        """`samples`: int16, shape (samples,)."""
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise ValueError(f"int16 mono is wanted, got {samples.dtype} {samples.shape}")
        self._chunks.append(samples)
        self.end += len(samples)

    def cut(self, start: int, end: int) -> np.ndarray:
        """A copy of [start, end). Raises ValueError when a part was dropped or is not here yet."""
        if start < self.start or end > self.end or end < start:
            raise ValueError(f"{start}..{end} is not within {self.start}..{self.end}")
        return self._joined()[start - self.start : end - self.start].copy()

    def drop_before(self, position: int) -> None:
        """Forget (lazily) what lies before `position`; a position outside the buffer is clipped."""
        position = min(max(position, self.start), self.end)
        if position - self.start < _DROP_AT_LEAST:  # copying at every frame would cost more than it frees
            return
        kept = self._joined()[position - self.start :].copy()
        self._chunks = [kept]
        self.start = position

    def _joined(self) -> np.ndarray:
        if len(self._chunks) != 1:
            joined = np.concatenate(self._chunks) if self._chunks else np.zeros(0, dtype=np.int16)
            self._chunks = [joined]
        return self._chunks[0]
