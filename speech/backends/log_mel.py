"""Log-mel spectrograms as Whisper's feature extractor makes them, without torch.

The same numbers as transformers' WhisperFeatureExtractor to 1e-4 (tests), for less: the silence behind the
speech is the same value in every frame and is not transformed. Knows nothing of models.
"""

from collections.abc import Sequence

import numpy as np
from scipy import fft
from transformers.audio_utils import mel_filter_bank

RATE_HZ, N_FFT, HOP = 16_000, 400, 160
FLOOR = 1e-10
RANGE = 8.0  # decades under the loudest that are kept


class LogMel:
    """`mels` bands from 0 to 8 kHz, 10 ms apart."""

    hop_samples = HOP

    def __init__(self, mels: int) -> None:
        self.mels = mels
        self._filters = mel_filter_bank(
            num_frequency_bins=1 + N_FFT // 2,
            num_mel_filters=mels,
            min_frequency=0.0,
            max_frequency=8_000.0,
            sampling_rate=RATE_HZ,
            norm="slaney",
            mel_scale="slaney",
        ).astype(np.float32)
        self._window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)

    def __call__(self, batch: Sequence[np.ndarray], window_samples: int) -> np.ndarray:
        """float32 mono 16 kHz, each (samples,), cut or filled up to the window -> (rows, mels, frames)."""
        features = np.empty((len(batch), self.mels, window_samples // HOP), np.float32)
        for row, samples in zip(features, batch, strict=True):
            self._fill(row, samples[:window_samples], window_samples)
        return features

    def _fill(self, row: np.ndarray, samples: np.ndarray, window_samples: int) -> None:
        sounding = min(row.shape[1], -(-(len(samples) + N_FFT // 2) // HOP))
        padded = self._padded(samples, window_samples, (sounding - 1) * HOP + N_FFT)
        frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:sounding]
        spectrum = fft.rfft(frames * self._window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        row[:, :sounding] = np.log10(np.maximum(power @ self._filters, FLOOR)).T
        row[:, sounding:] = np.log10(FLOOR)
        np.maximum(row, row.max() - RANGE, out=row)
        row += 4.0
        row /= 4.0

    def _padded(self, samples: np.ndarray, window_samples: int, length: int) -> np.ndarray:
        """What the first frames read: the start mirrored, the end of a full window too."""
        reach = N_FFT // 2
        filled = np.zeros(min(window_samples, length), np.float32)
        filled[: len(samples)] = samples[: len(filled)]
        return np.pad(filled, (reach, reach), mode="reflect")
