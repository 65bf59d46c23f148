"""Noise behind the speech: from a folder of recordings, or synthetic, at a ratio to the speech level."""

import numpy as np

from speech.acoustics import NoiseKind, make_noise
from training.pipeline.augment.recipe import Recipe

_KINDS: tuple[NoiseKind, ...] = ("white", "pink", "brown", "hum", "babble")
_FRAME = 320  # 20 ms
_PAUSE_BELOW_DB = 20.0


def noise(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    knobs = recipe.knobs
    snr_db = float(rng.uniform(knobs.noise_snr_min_db, knobs.noise_snr_max_db))
    return noisy(samples, background(len(samples), recipe, rng), snr_db)


def background(count: int, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """(count,) of some recording of the folder; of a synthetic kind where there is no folder."""
    if not recipe.noises:
        return make_noise(_KINDS[rng.integers(len(_KINDS))], max(1, count), rng)[:count]
    recorded = recipe.noises.any(rng)
    start = int(rng.integers(len(recorded)))
    return np.take(recorded, np.arange(start, start + count), mode="wrap")


def noisy(samples: np.ndarray, added: np.ndarray, snr_db: float) -> np.ndarray:
    """`added` at `snr_db` below the level of the speech; silence stays silent."""
    power = float(np.mean(np.square(added, dtype=np.float64))) if len(added) else 0.0
    wanted = speech_power(samples) * 10.0 ** (-snr_db / 10.0)
    if power == 0.0 or wanted == 0.0:
        return samples
    return samples + added * np.sqrt(wanted / power)


def speech_power(samples: np.ndarray) -> float:
    """Mean power where somebody speaks: pauses, 20 dB below the loudest, do not make it seem softer."""
    if len(samples) < _FRAME:
        return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    power = np.mean(np.square(frames), axis=1)
    return float(power[power >= np.percentile(power, 95) * 10 ** (-_PAUSE_BELOW_DB / 10)].mean())
