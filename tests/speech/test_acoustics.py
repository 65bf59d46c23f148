"""Levels, ratios and bands: what the simulation promises is what comes out."""

import numpy as np
import pytest

from speech.acoustics import (
    SAMPLE_RATE_HZ,
    TELEPHONE_BAND_HZ,
    Channel,
    Room,
    add_noise,
    apply,
    band_pass,
    make_noise,
)

KINDS = ["white", "pink", "brown", "hum", "babble"]


def make_tone(frequency_hz: float = 1000.0, seconds: float = 1.0, level: float = 0.1) -> np.ndarray:
    time_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (level * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def test_an_empty_channel_changes_nothing():
    tone = make_tone()
    heard = apply(tone, Channel(), np.random.default_rng(0))
    assert heard.dtype == np.float32
    np.testing.assert_array_equal(heard, tone)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snr_db", [0.0, 10.0, 25.0])
def test_the_noise_is_at_the_asked_ratio(kind, snr_db):
    tone = make_tone(level=0.05).astype(np.float64)
    noise = make_noise(kind, len(tone), np.random.default_rng(1))
    measured = level_db(tone) - level_db(add_noise(tone, noise, snr_db) - tone)
    assert measured == pytest.approx(snr_db, abs=0.01)


def test_the_telephone_keeps_speech_and_drops_the_rest():
    low, middle, high = (band_pass(make_tone(hz), *TELEPHONE_BAND_HZ) for hz in (100, 1000, 6000))
    assert level_db(middle) == pytest.approx(level_db(make_tone()), abs=0.1)
    assert level_db(low) < level_db(middle) - 40
    assert level_db(high) < level_db(middle) - 40


def test_brown_noise_is_lower_than_pink_is_lower_than_white():
    def centre_hz(kind):
        noise = make_noise(kind, 4 * SAMPLE_RATE_HZ, np.random.default_rng(2))
        power = np.abs(np.fft.rfft(noise)) ** 2
        return np.sum(power * np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE_HZ)) / np.sum(power)

    assert centre_hz("brown") < centre_hz("pink") < centre_hz("white")


def test_hum_sits_on_the_mains_frequency():
    noise = make_noise("hum", SAMPLE_RATE_HZ, np.random.default_rng(3))
    assert abs(int(np.argmax(np.abs(np.fft.rfft(noise)))) - 60) <= 1


def test_the_room_decays_by_sixty_decibels():
    response = Room(rt60_s=0.4, distance_m=2.0, seed=4).impulse_response()
    tenth = int(0.04 * SAMPLE_RATE_HZ)
    early, late = response[1 : 1 + tenth], response[-tenth:]
    # Nine tenths of rt60 lie between the middles of the first and the last tenth: 54 dB.
    assert level_db(early) - level_db(late) == pytest.approx(54, abs=3)


def test_a_farther_microphone_hears_more_room():
    near, far = (Room(distance_m=d).impulse_response() for d in (0.5, 2.0))
    assert np.sum(far[1:] ** 2) == pytest.approx(16 * np.sum(near[1:] ** 2))


def test_length_and_onset_stay():
    tone = np.concatenate([np.zeros(1600, np.float32), make_tone()])
    heard = apply(tone, Channel(room=Room(0.5, 1.0)), np.random.default_rng(0))
    assert heard.shape == tone.shape
    assert np.abs(heard[:1600]).max() < 1e-6 < np.abs(heard[1600:1700]).max()


def test_gain_raises_and_clipping_limits():
    tone = make_tone(level=0.1)
    assert level_db(apply(tone, Channel(gain_db=6), np.random.default_rng(0))) == pytest.approx(
        level_db(tone) + 6, abs=0.01
    )
    assert np.abs(apply(tone, Channel(gain_db=40), np.random.default_rng(0))).max() == 1.0


def test_the_same_seed_gives_the_same_samples():
    channel = Channel(Room(seed=5), "babble", 10.0, TELEPHONE_BAND_HZ)
    one, two = (apply(make_tone(), channel, np.random.default_rng(7)) for _ in range(2))
    other = apply(make_tone(), channel, np.random.default_rng(8))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_silence_stays_silent():
    silence = np.zeros(1600, np.float32)
    assert not apply(silence, Channel(snr_db=0.0), np.random.default_rng(0)).any()
