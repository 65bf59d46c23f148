"""Sounds and a voice detector for streaming tests: a tone is a voice, everything quiet is silence."""

import numpy as np

RATE = 16_000


class EnergyVad:
    def push_all(self, frames: np.ndarray) -> np.ndarray:
        return (np.sqrt(np.mean(frames * frames, axis=1)) > 0.02).astype(np.float32)


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (level * 32767 * np.sin(2 * np.pi * 220 * time)).astype(np.int16)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def pcm(*parts: np.ndarray) -> bytes:
    return np.concatenate(parts).astype("<i2").tobytes()
