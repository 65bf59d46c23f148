"""Perturbations: each changes the sound as it says, in range, and from its seed alone."""

import numpy as np
import pytest

from speech.acoustics import SAMPLE_RATE_HZ
from speech.audio import write_flac
from speech.codecs import LINE_CODECS
from training.pipeline.augment import PERTURBATIONS, Recipe, another_copy, copy_seed, perturbed
from training.pipeline.augment.level import amplified, clipped
from training.pipeline.augment.line import telephoned
from training.pipeline.augment.noise import noisy, speech_power
from training.pipeline.augment.place import heard_through
from training.pipeline.augment.sounds import UnusableSoundError
from training.pipeline.augment.voice import faster, higher
from training.pipeline.config import ConfigError, PipelineConfig

NAMES = [one.name for one in PERTURBATIONS]


def make_voice(seconds=2.0, pitch_hz=120.0, level=0.1, pause_s=0.0):
    """Harmonics up to 7 kHz that swell like syllables, and perhaps a pause behind them."""
    time_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    harmonics = sum(
        np.sin(2 * np.pi * pitch_hz * n * time_s) / n**0.5 for n in range(1, int(7000 / pitch_hz))
    )
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s)
    voice = level * harmonics * swell / np.std(harmonics)
    return np.concatenate([voice, np.zeros(int(pause_s * SAMPLE_RATE_HZ))]).astype(np.float32)


def recipe(root=None, **knobs):
    config = PipelineConfig.from_dict(knobs)
    return Recipe.of(config, root) if root else Recipe(config)


def every_share(value):
    return {f"{name}_share": value for name in NAMES}


def power(samples):
    return float(np.mean(np.square(samples, dtype=np.float64)))


def share_above(samples, hz):
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    return spectrum[np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ) > hz].sum() / spectrum.sum()


def pitch_of(samples):
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    frequency = np.fft.rfftfreq(1 << 18, 1 / SAMPLE_RATE_HZ)
    return frequency[np.argmax(np.where((frequency > 60) & (frequency < 200), spectrum, 0))]


def test_there_is_a_share_and_a_sentence_for_every_perturbation():
    for name in NAMES:
        assert PipelineConfig.model_fields[f"{name}_share"].description.startswith("Copies")


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1])
def test_speed_changes_duration_and_pitch_by_the_factor(factor):
    voice = make_voice()
    heard = faster(voice, factor)
    assert len(heard) == pytest.approx(len(voice) / factor, abs=2)
    assert pitch_of(heard) == pytest.approx(120 * factor, rel=0.01)


@pytest.mark.parametrize("semitones", [-2.0, 1.0, 2.0])
def test_pitch_changes_and_the_duration_stays(semitones):
    voice = make_voice()
    heard = higher(voice, semitones)
    assert len(heard) == len(voice)
    assert pitch_of(heard) == pytest.approx(120 * 2 ** (semitones / 12), rel=0.015)
    # What swells four times a second still does: the syllables were not moved.
    loudness = [np.square(x[: 32000 // 400 * 400]).reshape(-1, 400).mean(1) for x in (voice, heard)]
    assert np.corrcoef(*loudness)[0, 1] > 0.8


def test_gain_is_in_decibels():
    assert 10 * np.log10(power(amplified(make_voice(), -6)) / power(make_voice())) == pytest.approx(
        -6, abs=0.01
    )


@pytest.mark.parametrize("snr_db", [10.0, 25.0])
def test_noise_lies_at_the_ratio_to_the_speech_and_pauses_do_not_count(snr_db):
    voice = make_voice(pause_s=2.0)
    white = np.random.default_rng(1).standard_normal(len(voice))
    added = noisy(voice, white, snr_db) - voice
    spoken = power(voice[: 2 * SAMPLE_RATE_HZ])
    assert 10 * np.log10(spoken / power(added)) == pytest.approx(snr_db, abs=1.0)


def test_drawn_noise_stays_between_the_knobs():
    voice = make_voice()
    found = []
    for seed in range(12):
        heard = perturbed(voice, "noise", recipe(noise_snr_min_db=12, noise_snr_max_db=14), seed)
        found.append(10 * np.log10(speech_power(voice) / power(heard - voice)))
    assert 11.5 < min(found) < max(found) < 14.5 and max(found) - min(found) > 0.5


def test_a_room_adds_its_echo_and_keeps_onset_and_length():
    click = np.zeros(SAMPLE_RATE_HZ, np.float32)
    click[800] = 0.5
    heard = perturbed(click, "room", recipe(), 5)
    assert len(heard) == len(click) and np.abs(heard[:800]).max() < 1e-6
    assert np.argmax(np.abs(heard)) == 800
    assert power(heard[900:4000]) > 0


def test_across_the_room_there_is_more_echo_than_voice_can_drown():
    click = np.zeros(SAMPLE_RATE_HZ, np.float32)
    click[800] = 0.5

    def direct_to_echo_db(name, seed):
        heard = perturbed(click, name, recipe(noise_snr_min_db=60, noise_snr_max_db=60), seed)
        return 10 * np.log10(heard[800] ** 2 / np.sum(np.square(heard[801:], dtype=np.float64)))

    far, near = ([direct_to_echo_db(name, seed) for seed in range(8)] for name in ("far_field", "room"))
    assert max(far) < 4 < min(near)


@pytest.mark.parametrize("codec", LINE_CODECS)
def test_a_telephone_leaves_its_band_and_the_length(codec):
    voice = make_voice()
    heard = telephoned(voice, codec)
    assert len(heard) == len(voice)
    assert share_above(voice, 3600) > 0.1
    assert share_above(heard, 3600) < 2e-3 and share_above(heard, 4100) < 1e-5
    assert power(heard) == pytest.approx(power(voice) * (1 - share_above(voice, 3400)), rel=0.5)
    assert not np.array_equal(heard, telephoned(voice, LINE_CODECS[LINE_CODECS.index(codec) - 1]))


def test_a_codec_does_not_move_the_words():
    voice = np.concatenate([np.zeros(4000, np.float32), make_voice(0.3), np.zeros(4000, np.float32)])
    for codec in LINE_CODECS:
        loud = np.flatnonzero(np.abs(telephoned(voice, codec)) > 0.02)
        assert abs(loud[0] - 4000) < 80 and abs(loud[-1] - 4000 - 4800) < 400


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_clipping_lays_the_share_flat_at_the_old_peak(share):
    voice = make_voice()
    heard = clipped(voice, share)
    flat = np.abs(heard) >= np.abs(heard).max() * 0.9999
    assert flat.mean() == pytest.approx(share, abs=0.002)
    assert np.abs(heard).max() == pytest.approx(np.abs(voice).max())


def test_the_same_seed_gives_the_same_bytes_another_epoch_others():
    voice = make_voice()
    seeds = [copy_seed(7, "u1", epoch) for epoch in (1, 1, 2)] + [
        copy_seed(7, "u2", 1),
        copy_seed(8, "u1", 1),
    ]
    copies = [another_copy(voice, recipe(), seed).tobytes() for seed in seeds]
    assert copies[0] == copies[1]
    assert len(set(copies)) == 4


def test_switching_one_off_leaves_what_the_others_draw():
    voice = make_voice()
    only = {**every_share(0.0), "gain_share": 1.0}
    alone = another_copy(voice, recipe(**only), 3)
    assert another_copy(voice, recipe(**only), 3).tobytes() == perturbed(voice, "gain", recipe(), 3).tobytes()
    both = another_copy(voice, recipe(**{**only, "speed_share": 1.0}), 3)
    assert power(both) == pytest.approx(power(alone), rel=0.02) and len(both) != len(alone)


def test_without_any_share_the_sound_stays():
    voice = make_voice()
    assert another_copy(voice, recipe(**every_share(0.0)), 1) is voice


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("samples", ["loud", "silent", "short"])
def test_levels_stay_in_range_whatever_comes(name, samples):
    sound = {
        "loud": np.clip(make_voice(level=2.0), -1, 1),
        "silent": np.zeros(8000, np.float32),
        "short": make_voice()[:5],
    }[samples]
    for seed in range(3):
        heard = perturbed(sound, name, recipe(gain_max_db=20, noise_snr_min_db=0), seed)
        assert heard.dtype == np.float32 and np.isfinite(heard).all()
        assert np.abs(heard).max(initial=0) <= 1.0
        if samples == "silent":
            assert np.abs(heard).max() < 1e-3


def test_a_copy_may_be_everything_at_once():
    heard = another_copy(make_voice(), recipe(**every_share(1.0)), 1)
    assert np.abs(heard).max() <= 1.0 and share_above(heard, 4100) < 1e-4


@pytest.fixture
def folders(tmp_path):
    """A tone of 3 kHz as the only noise, and a room of one loud echo, 50 ms behind."""
    time_s = np.arange(SAMPLE_RATE_HZ // 2) / SAMPLE_RATE_HZ
    for name in ("noise/ward", "rooms", "empty"):
        (tmp_path / name).mkdir(parents=True)
    write_flac(tmp_path / "noise/ward/pump.flac", 0.5 * np.sin(2 * np.pi * 3000 * time_s).astype(np.float32))
    echo = np.zeros(4000, np.float32)
    echo[[100, 900]] = 0.8, 0.4
    write_flac(tmp_path / "rooms/corridor.flac", echo)
    return tmp_path


def test_noise_and_rooms_come_from_the_folders(folders):
    voice = make_voice()
    made = recipe(folders, noise_folder="noise", rir_folder="rooms", noise_snr_min_db=10, noise_snr_max_db=10)
    added = perturbed(voice, "noise", made, 1) - voice
    spectrum = np.abs(np.fft.rfft(added))
    assert np.fft.rfftfreq(len(added), 1 / SAMPLE_RATE_HZ)[np.argmax(spectrum)] == pytest.approx(3000, abs=2)
    assert 10 * np.log10(speech_power(voice) / power(added)) == pytest.approx(10, abs=1)
    echoed = perturbed(0.5 * voice, "room", made, 1)
    delayed = np.concatenate([np.zeros(800, np.float32), voice])[: len(voice)]
    np.testing.assert_allclose(echoed, 0.5 * voice + 0.25 * delayed, atol=1e-3)


def test_a_response_of_nothing_changes_nothing():
    assert heard_through(make_voice(), np.zeros(100)) is not None
    np.testing.assert_array_equal(heard_through(make_voice(), np.zeros(100)), make_voice())


@pytest.mark.parametrize("named", ["nowhere", "empty", "../elsewhere", "noise/ward/pump.flac"])
@pytest.mark.parametrize("knob", ["noise_folder", "rir_folder"])
def test_a_bad_folder_is_refused_with_the_knob_and_its_name(folders, knob, named):
    with pytest.raises(ConfigError, match=knob) as refused:
        recipe(folders, **{knob: named})
    assert named in str(refused.value) and str(refused.value).endswith(".")
    assert refused.value.field == knob


def test_a_file_that_is_no_sound_is_refused_when_it_is_drawn(folders):
    (folders / "empty/notes.wav").write_text("not a sound")
    with pytest.raises(UnusableSoundError, match=r"notes\.wav"):
        perturbed(make_voice(), "noise", recipe(folders, noise_folder="empty"), 1)
