"""How loud it is: another gain, and a microphone that was driven too hard."""

import numpy as np

from training.pipeline.augment.recipe import Recipe

CLIPPED_SHARE = (0.005, 0.05)  # of the samples: a few loud vowels, to shouting into the microphone


def gain(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    knobs = recipe.knobs
    return amplified(samples, float(rng.uniform(knobs.gain_min_db, knobs.gain_max_db)))


def clipping(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    return clipped(samples, float(rng.uniform(*CLIPPED_SHARE)))


def amplified(samples: np.ndarray, gain_db: float) -> np.ndarray:
    return samples * np.float32(10.0 ** (gain_db / 20.0))


def clipped(samples: np.ndarray, share: float) -> np.ndarray:
    """So much gain that this share of the samples lies flat at full scale, and back to the old peak."""
    magnitude = np.abs(samples)
    ceiling = float(np.quantile(magnitude, 1.0 - share)) if len(samples) else 0.0
    if ceiling == 0.0:
        return samples  # silence cannot be too loud
    return np.clip(samples / ceiling, -1.0, 1.0) * magnitude.max()


def in_range(samples: np.ndarray) -> np.ndarray:
    """float32 in [-1, 1]: what is too loud is turned down, for only `clipping` clips."""
    peak = float(np.abs(samples).max(initial=0.0))
    return (samples / max(1.0, peak)).astype(np.float32)
