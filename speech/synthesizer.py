"""The seam behind which every text-to-speech engine stands."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from speech.types import Word


@dataclass(frozen=True, slots=True)
class Voice:
    """How a sentence is spoken.

    `name` is the engine's own voice name (for espeak: "cmn+f3"), `rate_wpm` words per minute,
    `pitch` 0 to 99 with 50 as the engine's normal.
    """

    name: str
    rate_wpm: int = 170
    pitch: int = 50


@dataclass(frozen=True, slots=True)
class Speech:
    """Synthetic speech: float32 mono 16 kHz in [-1, 1], (samples,), and when each word starts and ends."""

    samples: np.ndarray
    words: tuple[Word, ...]


class Synthesizer(Protocol):
    """Turns spoken-form text into speech; the same text and voice give the same samples."""

    def synthesize(self, text: str, voice: Voice) -> Speech: ...
