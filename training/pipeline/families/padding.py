"""Rows of ids and frames of their own lengths, made as long as the longest."""

from collections.abc import Sequence

import numpy as np
import torch


def padded_ids(rows: Sequence[Sequence[int]], fill: int, length: int = 0) -> torch.Tensor:
    """(rows, longest) int64, at least `length` long."""
    padded = torch.full((len(rows), max(length, *map(len, rows))), fill)
    for at, row in enumerate(rows):
        padded[at, : len(row)] = torch.tensor(row, dtype=torch.long)
    return padded


def padded_frames(frames: np.ndarray, window: int, silence: float) -> np.ndarray:
    """(n, mels) -> (window, mels) float32."""
    frames = frames[:window]
    padded = np.full((window, frames.shape[1]), silence, dtype=np.float32)
    padded[: len(frames)] = frames
    return padded
