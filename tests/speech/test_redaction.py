"""What may not be heard is not in the copy; what may be is untouched."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech import redaction
from speech.audio import AudioDecodeError, read_flac, write_flac
from speech.redaction import BEEP_HZ, BEEP_LEVEL, Kept, beeped, write_redacted
from speech.types import Span

NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, 16_000 * 4).astype(np.float32)


def ms(samples: np.ndarray, start_ms: int, end_ms: int) -> np.ndarray:
    return samples[start_ms * 16 : end_ms * 16]


def test_only_the_tone_is_left_of_what_is_beeped():
    sound = beeped(NOISE, [Span(1000, 2000)])
    inside = ms(sound, 1000, 2000)
    assert np.sqrt(np.mean(inside**2)) == pytest.approx(BEEP_LEVEL / np.sqrt(2), rel=0.01)
    spectrum = np.abs(np.fft.rfft(inside)) ** 2
    assert np.argmax(spectrum) == BEEP_HZ
    assert spectrum[990:1011].sum() / spectrum.sum() > 0.999
    assert abs(np.corrcoef(inside, ms(NOISE, 1000, 2000))[0, 1]) < 0.05
    np.testing.assert_array_equal(ms(sound, 0, 1000), ms(NOISE, 0, 1000))
    np.testing.assert_array_equal(ms(sound, 2000, 4000), ms(NOISE, 2000, 4000))


def test_what_is_not_kept_is_silent_and_the_rest_stands_where_it_stood(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(redaction, "_SILENCE_AT_ONCE_MS", 300)
    source, target = tmp_path / "source.flac", tmp_path / "target.flac"
    write_flac(source, NOISE)
    kept = [Kept(Span(3000, 3500)), Kept(Span(1000, 2000), (Span(1200, 1400),))]
    write_redacted(source, target, kept, 4000)
    copy, original = read_flac(target), read_flac(source)
    assert len(copy) == len(original)
    for start, end in [(0, 1000), (2000, 3000), (3500, 4000)]:
        assert not ms(copy, start, end).any()
    for start, end in [(1000, 1200), (1400, 2000), (3000, 3500)]:
        np.testing.assert_array_equal(ms(copy, start, end), ms(original, start, end))
    assert np.abs(ms(copy, 1200, 1400)).max() <= BEEP_LEVEL + 1e-3


def test_a_source_that_is_damaged_is_said(tmp_path: Path):
    (tmp_path / "bad.flac").write_bytes(b"no sound")
    with pytest.raises(AudioDecodeError):
        write_redacted(tmp_path / "bad.flac", tmp_path / "out.flac", [Kept(Span(0, 10))], 10)


def test_the_copy_says_nothing_of_its_source(tmp_path: Path):
    source = tmp_path / "source.flac"
    with soundfile.SoundFile(source, "w", 16_000, 1, "PCM_16", format="FLAC") as file:
        file.title = "Wang Xiaoming"
        file.write(NOISE)
    write_redacted(source, tmp_path / "out.flac", [Kept(Span(0, 4000))], 4000)
    assert b"Wang" not in (tmp_path / "out.flac").read_bytes()
