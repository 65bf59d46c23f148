"""Sounds made by formula, with known figures."""

import numpy as np

SAMPLE_RATE_HZ = 16_000


def make_tone(seconds: float = 1.0, hz: float = 440.0, amplitude: float = 0.1) -> np.ndarray:
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def make_noise(seconds: float = 1.0, rms: float = 0.01, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE_HZ))
    return (rms * noise).astype(np.float32)


def make_syllables(seconds: float = 10.0, rms: float = 0.1, seed: int = 0) -> np.ndarray:
    """Noise that comes and goes: 0.6 s on at the given level, 0.4 s off. Not speech for a VAD."""
    sound = make_noise(seconds, rms, seed)
    is_on = (np.arange(len(sound)) / SAMPLE_RATE_HZ) % 1.0 < 0.6
    return sound * is_on
