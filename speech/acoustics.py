"""What a room, a microphone and a line do to speech: a pure numpy simulation, everything from a seed.

For training data and for the demo hospital's sites. Takes and returns float32 mono 16 kHz samples;
knows nothing of files, text or models.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

SAMPLE_RATE_HZ = 16_000
TELEPHONE_BAND_HZ = (300.0, 3400.0)
SPEED_OF_SOUND_M_S = 343.0

NoiseKind = Literal["white", "pink", "brown", "hum", "babble"]


@dataclass(frozen=True, slots=True)
class Room:
    """A room by its decay time and the distance to the microphone; the seed fixes its reflections."""

    rt60_s: float = 0.3
    distance_m: float = 0.5
    seed: int = 0

    def impulse_response(self) -> np.ndarray:
        """Direct path, then exponentially decaying noise (-60 dB at rt60); (samples,), direct path = 1."""
        rng = np.random.default_rng(self.seed)
        count = max(1, int(self.rt60_s * SAMPLE_RATE_HZ))
        time_s = np.arange(count) / SAMPLE_RATE_HZ
        tail = rng.standard_normal(count) * 10.0 ** (-3.0 * time_s / max(self.rt60_s, 1e-3))
        # Reverberant over direct energy grows with the square of the distance and falls with absorption.
        ratio = 0.3 * self.distance_m**2 * self.rt60_s
        tail *= np.sqrt(ratio / np.sum(tail**2))
        response = np.zeros(count + 1)
        response[1:] = tail
        response[0] = 1.0
        return response


@dataclass(frozen=True, slots=True)
class Channel:
    """Everything between mouth and samples, applied in this order: room, noise, band, gain, clipping.

    `snr_db` None means no noise; `band_hz` None means the full band; `gain_db` 0 leaves the level.
    """

    room: Room | None = None
    noise: NoiseKind = "pink"
    snr_db: float | None = None
    band_hz: tuple[float, float] | None = None
    gain_db: float = 0.0


def apply(samples: np.ndarray, channel: Channel, rng: np.random.Generator) -> np.ndarray:
    """Samples (n,) through the channel -> (n,) float32 in [-1, 1]. The length and the timing stay."""
    heard = samples.astype(np.float64)
    if channel.room is not None:
        heard = convolve(heard, channel.room.impulse_response())[: len(samples)]
    if channel.snr_db is not None:
        heard = add_noise(heard, make_noise(channel.noise, len(heard), rng), channel.snr_db)
    if channel.band_hz is not None:
        heard = band_pass(heard, *channel.band_hz)
    heard = heard * 10.0 ** (channel.gain_db / 20.0)
    return np.clip(heard, -1.0, 1.0).astype(np.float32)


def convolve(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Full linear convolution by FFT: (n,) * (m,) -> (n + m - 1,)."""
    length = len(samples) + len(response) - 1
    size = _fft_size(length)
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[:length]


def band_pass(samples: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """Keep low..high with 50 Hz raised-cosine edges; a telephone is band_pass(x, *TELEPHONE_BAND_HZ)."""
    size = _fft_size(len(samples))
    frequency = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ)
    inside = np.minimum(frequency - low_hz, high_hz - frequency) / 50.0
    mask = 0.5 - 0.5 * np.cos(np.pi * np.clip(inside + 1.0, 0.0, 1.0))
    return np.fft.irfft(np.fft.rfft(samples, size) * mask, size)[: len(samples)]


def add_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise at `snr_db` below the mean power of the samples (silence stays silent)."""
    signal_power = float(np.mean(samples**2))
    noise_power = float(np.mean(noise**2))
    if signal_power == 0.0 or noise_power == 0.0:
        return samples
    return samples + noise * np.sqrt(signal_power / noise_power * 10.0 ** (-snr_db / 10.0))


def make_noise(kind: NoiseKind, count: int, rng: np.random.Generator) -> np.ndarray:
    """Noise (count,) of unit mean power: coloured, mains hum with its harmonics, or speech-shaped babble."""
    if kind == "hum":
        time_s = np.arange(count) / SAMPLE_RATE_HZ
        mains_hz = 60.0 + rng.normal(0.0, 0.1)
        noise = sum(
            np.sin(2 * np.pi * mains_hz * n * time_s + rng.uniform(0, 6.28)) / n for n in (1, 2, 3, 5)
        ) + 0.05 * rng.standard_normal(count)
    elif kind == "babble":
        # Pink-ish noise in the speech band, swelling at syllable rate, as several talkers far away.
        noise = band_pass(_coloured(1.0, count, rng), 150.0, 4000.0) * _swell(count, rng)
    else:
        noise = _coloured({"white": 0.0, "pink": 1.0, "brown": 2.0}[kind], count, rng)
    return noise / np.sqrt(np.mean(noise**2))


def _coloured(exponent: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise whose power falls as 1 / frequency ** exponent."""
    size = _fft_size(count)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.maximum(np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ), 20.0)
    return np.fft.irfft(spectrum / frequency ** (exponent / 2.0), size)[:count]


def _fft_size(length: int) -> int:
    """The next 2^n or 3 x 2^n: a prime length would cost ten times as much."""
    power = 1 << (length - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= length else power


def _swell(count: int, rng: np.random.Generator) -> np.ndarray:
    """A loudness curve (count,) between 0.3 and 1 that turns about eight times a second."""
    knots = np.arange(0, count + 2000, 2000)
    return np.interp(np.arange(count), knots, rng.uniform(0.3, 1.0, len(knots)))
