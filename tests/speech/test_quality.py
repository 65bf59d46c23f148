"""Quality figures against signals whose figures are known."""

import numpy as np
import pytest

from speech.acoustics import band_pass
from speech.quality import measure
from tests.speech.tones import make_noise, make_syllables, make_tone


@pytest.mark.parametrize("snr_db", [0, 5, 10, 20, 30, 40])
def test_the_noise_under_speech_is_found(snr_db: int):
    noisy = make_syllables(10, 0.1) + make_noise(10, 0.1 * 10 ** (-snr_db / 20), seed=7)
    assert measure(noisy).snr_db == pytest.approx(snr_db, abs=2.0)


def test_the_loudness_of_a_recording_does_not_change_its_figures():
    noisy = make_syllables(5, 0.1) + make_noise(5, 0.01, seed=7)
    loud, faint = measure(noisy), measure(noisy * np.float32(0.05))
    assert faint.snr_db == pytest.approx(loud.snr_db, abs=0.01)
    assert faint.silence_ratio == pytest.approx(loud.silence_ratio, abs=0.01)


def test_silence_put_in_by_an_editor_is_not_the_noise_floor():
    noisy = make_syllables(8, 0.1) + make_noise(8, 0.01, seed=7)
    edited = np.concatenate([noisy, np.zeros(8 * 16_000, np.float32)])
    assert measure(edited).snr_db == pytest.approx(measure(noisy).snr_db, abs=1.0)


def test_pauses_are_counted():
    assert measure(make_syllables(10, 0.1) + make_noise(10, 0.001, seed=3)).silence_ratio == pytest.approx(
        0.4, abs=0.06
    )
    assert measure(make_noise(3, 1e-4)).silence_ratio == 1.0
    assert measure(make_noise(3, 0.1)).silence_ratio == 0.0


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_flat_tops_are_clipping_at_any_level(gain: float):
    tone = make_tone(2.0, 200.0, 1.0)
    assert measure(tone * np.float32(gain)).clipping_ratio == 0.0
    clipped = np.clip(tone, -0.8, 0.8) * np.float32(gain)
    # A sine is above 0.8 for 1 - 2 asin(0.8) / pi of the time.
    assert measure(clipped).clipping_ratio == pytest.approx(1 - 2 * np.arcsin(0.8) / np.pi, abs=0.03)
    assert measure(make_noise(5, 0.1)).clipping_ratio < 1e-4


@pytest.mark.parametrize("upper_hz", [3400, 5000, 7000])
def test_the_band_of_the_line_is_seen(upper_hz: int):
    heard = band_pass(make_syllables(5, 0.1), 100.0, upper_hz).astype(np.float32)
    assert measure(heard).bandwidth_hz == pytest.approx(upper_hz, abs=250)


def test_nothing_is_silence():
    for samples in (np.zeros(0, np.float32), np.zeros(16_000, np.float32), make_noise(0.01)):
        quality = measure(samples)
        assert (quality.silence_ratio, quality.clipping_ratio, quality.bandwidth_hz) == (1.0, 0.0, 0)
        assert np.isfinite(quality.snr_db)
