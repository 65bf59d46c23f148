"""Telephone codecs: coarse steps, the same at every level; nothing above 4 kHz; words stay where they are."""

import numpy as np
import pytest

from speech.codecs import LINE_CODECS, a_law, amr, mu_law, through_line

COMPANDED = [mu_law, a_law]


def make_tone(level: float, samples: int = 8000) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 437.3 * np.arange(samples) / 8000)).astype(np.float32)


def signal_to_error_db(code, level: float) -> float:
    tone = make_tone(level)
    return float(10 * np.log10(np.mean(tone**2) / np.mean((code(tone) - tone) ** 2)))


@pytest.mark.parametrize("code", COMPANDED)
def test_soft_speech_keeps_nearly_the_ratio_of_loud_speech(code):
    loud, soft = signal_to_error_db(code, 0.9), signal_to_error_db(code, 0.03)
    assert 34 < loud < 42 and 28 < soft < 42
    assert signal_to_error_db(lambda x: np.round(x * 127) / 127, 0.03) < soft - 10  # as 8 linear bits would


@pytest.mark.parametrize("code", COMPANDED)
def test_there_are_at_most_256_levels_and_sign_and_range_stay(code):
    ramp = np.linspace(-1, 1, 10_001).astype(np.float32)
    heard = code(ramp)
    assert len(np.unique(heard)) <= 256
    np.testing.assert_allclose(heard, -heard[::-1], atol=1e-6)
    assert (np.diff(heard) >= 0).all() and heard[-1] == pytest.approx(1.0)


def test_the_laws_are_not_the_same():
    assert not np.allclose(mu_law(make_tone(0.3)), a_law(make_tone(0.3)), atol=1e-5)


def test_amr_keeps_length_and_place():
    click = np.zeros(4000, np.float32)
    click[1500:1700] = make_tone(0.5, 200)
    heard = amr(click)
    assert len(heard) == 4000
    assert 1480 <= np.flatnonzero(np.abs(heard) > 0.1)[0] <= 1540


@pytest.mark.parametrize("codec", LINE_CODECS)
@pytest.mark.parametrize("samples", [2, 159, 16_001])
def test_a_line_gives_as_many_samples_as_it_took_and_always_the_same(codec, samples):
    noise = (0.1 * np.random.default_rng(1).standard_normal(samples)).astype(np.float32)
    heard = through_line(noise, codec)
    assert heard.shape == noise.shape and heard.dtype == np.float32
    np.testing.assert_array_equal(heard, through_line(noise, codec))
