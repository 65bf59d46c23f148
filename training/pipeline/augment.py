"""More speech from the same speech: another tempo, room and noise; masks on the features. Seeded, pure numpy.

SpecAugment: Park et al. 2019. Rooms and noises are those of speech/acoustics.py.
"""

import numpy as np
import soxr

from speech.acoustics import TELEPHONE_BAND_HZ, Channel, NoiseKind, Room, apply
from speech.audio import SAMPLE_RATE_HZ
from training.pipeline.config import PipelineConfig

_NOISES: tuple[NoiseKind, ...] = ("white", "pink", "brown", "hum", "babble")


def another_copy(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) -> (m,) float32: tempo and pitch by -10 to +10 %, then perhaps a room, a noise, a telephone."""
    tempo = float(rng.uniform(0.9, 1.1))
    resampled = soxr.resample(samples, SAMPLE_RATE_HZ * tempo, SAMPLE_RATE_HZ)
    room = None
    if rng.random() < 0.4:
        room = Room(float(rng.uniform(0.15, 0.6)), float(rng.uniform(0.3, 1.0)), int(rng.integers(1 << 30)))
    channel = Channel(
        room=room,
        noise=_NOISES[rng.integers(len(_NOISES))],
        snr_db=float(rng.uniform(12, 35)) if rng.random() < 0.7 else None,
        band_hz=TELEPHONE_BAND_HZ if rng.random() < 0.15 else None,
        gain_db=float(rng.uniform(-6, 0)),
    )
    return apply(resampled.astype(np.float32), channel, rng)


def mask(frames: np.ndarray, config: PipelineConfig, rng: np.random.Generator) -> np.ndarray:
    """(frames, mels) with bands of frequency and stretches of time set to the mean. Changes its argument."""
    mean = frames.mean()
    for _ in range(config.frequency_masks):
        width = int(rng.integers(config.frequency_mask_bins + 1))
        start = int(rng.integers(max(1, frames.shape[1] - width)))
        frames[:, start : start + width] = mean
    for _ in range(config.time_masks):
        # Never more than a fifth of a short utterance.
        width = int(rng.integers(min(config.time_mask_frames, len(frames) // 5) + 1))
        start = int(rng.integers(max(1, len(frames) - width)))
        frames[start : start + width] = mean
    return frames
