"""The same words by another throat: faster and higher together, or another pitch at the same pace."""

import numpy as np
import soxr

from speech.audio import SAMPLE_RATE_HZ
from training.pipeline.augment.recipe import Recipe

_FRAME, _HOP, _REACH = 512, 256, 160  # 32 ms, half of it, and 10 ms: a period of the deepest voice


def speed(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    change = recipe.knobs.speed_change
    return faster(samples, float(rng.uniform(1 - change, 1 + change)))


def pitch(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    semitones = recipe.knobs.pitch_semitones
    return higher(samples, float(rng.uniform(-semitones, semitones)))


def faster(samples: np.ndarray, factor: float) -> np.ndarray:
    """Tempo and pitch times `factor`, as a tape does it: (n,) -> (n / factor,)."""
    return soxr.resample(samples, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ)


def higher(samples: np.ndarray, semitones: float) -> np.ndarray:
    """Another pitch, the same duration: (n,) -> (n,)."""
    return stretched(faster(samples, 2.0 ** (semitones / 12.0)), len(samples))


def stretched(samples: np.ndarray, length: int) -> np.ndarray:
    """(n,) -> (length,) at the same pitch: frames laid over each other where they go on most alike.

    WSOLA: Verhelst and Roelands, ICASSP 1993.
    """
    if len(samples) == 0:
        return np.zeros(length, np.float32)
    pace = len(samples) / max(1, length)
    lead = _HOP + _REACH
    padded = np.concatenate([np.zeros(lead, np.float32), samples, np.zeros(lead + 2 * _FRAME, np.float32)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)  # two of them half apart sum to 1
    count = -(-length // _HOP) + 1
    out = np.zeros((count + 1) * _HOP)
    at = _REACH
    for number in range(count):
        wanted = _REACH + round(number * _HOP * pace)
        if number:
            goes_on = padded[at + _HOP : at + _HOP + _FRAME]
            around = padded[wanted - _REACH : wanted + _REACH + _FRAME]
            at = wanted - _REACH + int(np.argmax(np.correlate(around, goes_on, "valid")))
        out[number * _HOP : number * _HOP + _FRAME] += window * padded[at : at + _FRAME]
    return out[_HOP : _HOP + length].astype(np.float32)
