"""What is measured of a segment's sound: noise, clipping, silence, bandwidth. Estimates, without a reference.

Pure array work; knows nothing of text or models.
"""

from dataclasses import dataclass

import numpy as np

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 512
HOP_SAMPLES = 256
SNR_RANGE_DB = (-10.0, 60.0)
SPEECH_ABOVE_NOISE_DB = 3.0
QUIET_DBFS = -60.0
DIGITAL_SILENCE_POWER = 1e-10  # -100 dBFS
CLIPPED_RUN_SAMPLES = 3
CLIPPED_WITHIN = 5e-4
BAND_FLOOR_DB = 55.0


@dataclass(frozen=True, slots=True)
class Quality:
    """`snr_db` of speech against the noise under it, within -10..60; ratios are shares of 0 to 1 of the
    samples (clipping) and of the time (silence); `bandwidth_hz` is the highest frequency that carries speech
    (a telephone: 3,400)."""

    snr_db: float
    clipping_ratio: float
    silence_ratio: float
    bandwidth_hz: int


def measure(samples: np.ndarray) -> Quality:
    """(samples,) -> Quality. Nothing at all counts as silence."""
    if len(samples) < FRAME_SAMPLES or not np.any(samples):
        return Quality(SNR_RANGE_DB[0], 0.0, 1.0, 0)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
    power = np.einsum("fs,fs->f", frames, frames) / FRAME_SAMPLES  # frames overlap: no copy of them
    sounding = power[power > DIGITAL_SILENCE_POWER]  # silence that an editor or a codec put in is no noise
    noise_power = float(np.percentile(sounding, 10)) if len(sounding) else 0.0
    return Quality(
        snr_db=_snr_db(power, noise_power),
        clipping_ratio=_clipping_ratio(samples),
        silence_ratio=_silence_ratio(power, noise_power),
        bandwidth_hz=_bandwidth_hz(frames, power),
    )


def _snr_db(power: np.ndarray, noise_power: float) -> float:
    """The quietest tenth of the frames is the noise; what stands out of it is speech plus that noise.

    Speech has pauses, so this holds for anything longer than a word; without a pause it reads too low.
    """
    speech = power[power > noise_power * 10 ** (SPEECH_ABOVE_NOISE_DB / 10)]
    if len(speech) == 0:
        return SNR_RANGE_DB[0]
    ratio = (speech.mean() - noise_power) / max(noise_power, 1e-12)
    return float(np.clip(10 * np.log10(ratio), *SNR_RANGE_DB))


def _silence_ratio(power: np.ndarray, noise_power: float) -> float:
    """Share of frames nearer (in dB) to the noise than to the speech level."""
    loud_db, noise_db = (10 * np.log10(max(p, 1e-12)) for p in (np.percentile(power, 95), noise_power))
    if loud_db - noise_db < 2 * SPEECH_ABOVE_NOISE_DB:
        return 1.0 if loud_db < QUIET_DBFS else 0.0
    level_db = 10 * np.log10(np.maximum(power, 1e-12))
    return float(np.mean(level_db < (loud_db + noise_db) / 2))


def _clipping_ratio(samples: np.ndarray) -> float:
    """Share of samples in flat tops: three or more in a row at the file's own peak, on either side.

    The peak is the file's, since a loudness gain may have moved it. Lossy coding rounds the tops off.
    """
    clipped = 0
    for side in (samples, -samples):
        at_peak = side >= side.max() * (1 - CLIPPED_WITHIN) if side.max() > 0 else np.zeros(len(side), bool)
        edges = np.flatnonzero(np.diff(at_peak.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
        runs = edges[:, 1] - edges[:, 0]
        clipped += int(runs[runs >= CLIPPED_RUN_SAMPLES].sum())
    return clipped / len(samples)


def _bandwidth_hz(frames: np.ndarray, power: np.ndarray) -> int:
    """Highest frequency within 55 dB of the strongest, in the mean spectrum of the louder half."""
    loud_at = np.flatnonzero(power >= np.median(power))
    loud = frames[loud_at[:: max(1, len(loud_at) // 1000)]]  # a thousand frames are enough
    spectrum = np.mean(np.abs(np.fft.rfft(loud * np.hanning(FRAME_SAMPLES), axis=1)) ** 2, axis=0)
    smooth = np.convolve(spectrum, np.ones(5) / 5, "same")
    carrying = np.flatnonzero(smooth >= smooth.max() * 10 ** (-BAND_FLOOR_DB / 10))
    return int(carrying[-1] * SAMPLE_RATE_HZ / FRAME_SAMPLES)
