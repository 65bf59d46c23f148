"""A copy of a recording in which only some stretches are heard, and some of those are beeped over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from speech.audio import SAMPLE_RATE_HZ, SAMPLES_PER_MS, read_flac
from speech.types import Span

BEEP_HZ, BEEP_LEVEL = 1000.0, 0.1
_SILENCE_AT_ONCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A stretch that may be heard, and what in it may not. Times from the start of the recording."""

    span: Span
    beeps: tuple[Span, ...] = ()


def write_redacted(source: Path, target: Path, kept: Sequence[Kept], duration_ms: int) -> None:
    """16 kHz FLAC as long as the source, silent wherever nothing is kept; bounded memory.

    Raises AudioDecodeError where the source cannot be read.
    """
    with soundfile.SoundFile(
        target, "w", SAMPLE_RATE_HZ, channels=1, subtype="PCM_16", format="FLAC"
    ) as file:
        at_ms = 0
        for one in sorted(kept, key=lambda one: one.span.start_ms):
            start_ms = max(at_ms, one.span.start_ms)
            if one.span.end_ms <= start_ms:
                continue
            for silence in _silence(start_ms - at_ms):
                file.write(silence)
            sound = read_flac(source, start_ms, one.span.end_ms)
            file.write(beeped(sound, one.beeps, start_ms))
            at_ms = start_ms + len(sound) // SAMPLES_PER_MS
        for silence in _silence(duration_ms - at_ms):
            file.write(silence)


def beeped(sound: np.ndarray, beeps: Sequence[Span], start_ms: int = 0) -> np.ndarray:
    """(samples,) in which a tone stands in place of each beep; nothing of what was there is left in it."""
    sound = np.array(sound, np.float32)
    tone = BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ / SAMPLE_RATE_HZ * np.arange(len(sound)))
    for beep in beeps:
        first = max(0, (beep.start_ms - start_ms) * SAMPLES_PER_MS)
        last = max(0, (beep.end_ms - start_ms) * SAMPLES_PER_MS)
        sound[first:last] = tone[first:last]
    return sound


def _silence(duration_ms: int) -> Iterator[np.ndarray]:
    while duration_ms > 0:
        yield np.zeros(min(duration_ms, _SILENCE_AT_ONCE_MS) * SAMPLES_PER_MS, np.float32)
        duration_ms -= _SILENCE_AT_ONCE_MS
