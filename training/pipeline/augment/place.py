"""Where it is spoken: a room around speaker and microphone, or a microphone across the room."""

import numpy as np

from speech.acoustics import Room, convolve
from training.pipeline.augment.level import amplified
from training.pipeline.augment.noise import background, noisy
from training.pipeline.augment.recipe import Recipe

_ROOM_RT60_S, _ROOM_DISTANCE_M = (0.15, 0.6), (0.3, 1.0)
# Direct over reverberant sound falls to between +3 and -6 dB: the ceiling microphone of a ward round.
_FAR_RT60_S, _FAR_DISTANCE_M = (0.4, 0.8), (2.0, 4.0)
_FAR_GAIN_DB = (-12.0, -4.0)
_LONGEST_RESPONSE_SAMPLES = 2 * 16_000


def room(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """A measured impulse response where there is a folder of them, else a simulated room."""
    if recipe.responses:
        return heard_through(samples, recipe.responses.any(rng))
    return heard_through(samples, _simulated(_ROOM_RT60_S, _ROOM_DISTANCE_M, rng))


def far_field(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Far from the microphone: more echo than voice, softer, and the room's own noise stays as loud."""
    away = heard_through(samples, _simulated(_FAR_RT60_S, _FAR_DISTANCE_M, rng))
    knobs = recipe.knobs
    snr_db = float(rng.uniform(knobs.noise_snr_min_db, knobs.noise_snr_max_db))
    noised = noisy(away, background(len(away), recipe, rng), snr_db)
    return amplified(noised, float(rng.uniform(*_FAR_GAIN_DB)))


def heard_through(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Convolved with an impulse response from its direct path on, which keeps timing, level and length."""
    direct = int(np.argmax(np.abs(response)))
    if response[direct] == 0.0:
        return samples
    tail = response[direct : direct + _LONGEST_RESPONSE_SAMPLES] / response[direct]
    return convolve(samples.astype(np.float64), tail)[: len(samples)]


def _simulated(
    rt60_s: tuple[float, float], distance_m: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    simulated = Room(float(rng.uniform(*rt60_s)), float(rng.uniform(*distance_m)), int(rng.integers(1 << 30)))
    return simulated.impulse_response()
