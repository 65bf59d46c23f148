"""Gated loudness of ITU-R BS.1770-4 for mono 16 kHz, in pure numpy.

The K-weighting is applied as a magnitude response by FFT (only energies are needed, so phase does not
matter); the filter parameters for any rate are those of Brecht De Man, "Evaluation of implementations of
the EBU R128 loudness measurement" (2018), which give the standard's coefficients at 48 kHz.
"""

from functools import lru_cache

import numpy as np

SAMPLE_RATE_HZ = 16_000
GATE_LUFS = -70.0
HOP_SAMPLES = SAMPLE_RATE_HZ // 10  # 400 ms blocks that overlap by 75 %
HOPS_PER_BLOCK = 4
CHUNK_HOPS = 600  # one minute at a time, so that memory does not grow with the recording
MARGIN_SAMPLES = SAMPLE_RATE_HZ // 2


def integrated_lufs(samples: np.ndarray) -> float:
    """Loudness of (samples,) in LUFS, not below GATE_LUFS; shorter than a block counts as one block."""
    energies = _hop_energies(samples)
    if len(energies) == 0:
        return GATE_LUFS
    width = min(HOPS_PER_BLOCK, len(energies))
    blocks = np.convolve(energies, np.full(width, 1 / width), "valid")
    loud = blocks[_lufs(blocks) > GATE_LUFS]
    if len(loud) == 0:
        return GATE_LUFS
    gated = loud[_lufs(loud) > _lufs(loud.mean()) - 10.0]
    return max(GATE_LUFS, float(_lufs(gated.mean())))


def _lufs(mean_square: np.ndarray) -> np.ndarray:
    return -0.691 + 10 * np.log10(np.maximum(mean_square, 1e-12))


def _hop_energies(samples: np.ndarray) -> np.ndarray:
    """Mean square of each whole 100 ms of the K-weighted signal; one value for anything shorter."""
    if 0 < len(samples) < HOP_SAMPLES:
        return np.array([np.mean(_k_weighted(samples) ** 2)])
    hop_count = len(samples) // HOP_SAMPLES
    energies = [np.zeros(0)]
    for first in range(0, hop_count, CHUNK_HOPS):
        start, stop = first * HOP_SAMPLES, min(first + CHUNK_HOPS, hop_count) * HOP_SAMPLES
        before = min(start, MARGIN_SAMPLES)
        weighted = _k_weighted(samples[start - before : stop + MARGIN_SAMPLES])
        weighted = weighted[before : before + stop - start]
        energies.append(np.mean(weighted.reshape(-1, HOP_SAMPLES) ** 2, axis=1))
    return np.concatenate(energies)


def _k_weighted(samples: np.ndarray) -> np.ndarray:
    # Zeros behind the end, so that the circular convolution does not wrap around; a power of two for speed.
    size = 1 << (len(samples) + MARGIN_SAMPLES - 1).bit_length()
    spectrum = np.fft.rfft(samples, size)
    return np.fft.irfft(spectrum * _k_response(size // 2 + 1), size)[: len(samples)]


@lru_cache(maxsize=4)
def _k_response(bins: int) -> np.ndarray:
    """|H| of the K-weighting at `bins` frequencies from 0 Hz to Nyquist."""
    z = np.exp(-1j * np.linspace(0, np.pi, bins))
    response = np.ones(bins, complex)
    for numerator, denominator in (_high_shelf(), _high_pass()):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return np.abs(response).astype(np.float32)


def _high_shelf() -> tuple[np.ndarray, np.ndarray]:
    """The head: +4 dB above 1.7 kHz."""
    k, q = np.tan(np.pi * 1681.974450955533 / SAMPLE_RATE_HZ), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    numerator = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k])
    return numerator, np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])


def _high_pass() -> tuple[np.ndarray, np.ndarray]:
    """The revised low-frequency B curve: away with what is below 38 Hz."""
    k, q = np.tan(np.pi * 38.13547087602444 / SAMPLE_RATE_HZ), 0.5003270373238773
    denominator = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
    # The standard does not divide this numerator by the leading coefficient of the denominator.
    return np.array([1.0, -2.0, 1.0]) * denominator[0], denominator
