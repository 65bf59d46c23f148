"""Decoding of every kind of file, refusal of what is none, levels, peaks, PCM."""

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from speech.audio import (
    SAMPLE_RATE_HZ,
    AudioDecodeError,
    decode,
    float_to_pcm16,
    normalise_loudness,
    pcm16_to_float,
    peaks,
    probe,
    read_flac,
    wav_bytes,
    write_flac,
)
from speech.loudness import integrated_lufs
from tests.speech.tones import make_noise, make_syllables, make_tone


def write_encoded(path: Path, codec: str, rate_hz: int, layout: str = "mono", seconds: float = 2.0) -> Path:
    """A 440 Hz tone of amplitude 0.25 through libav; with two channels only the left one sounds."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = (0.25 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    channels = [tone] if layout == "mono" else [tone, np.zeros_like(tone)]
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.stack(channels), format="fltp", layout=layout)
        frame.sample_rate = rate_hz
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return path


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE_HZ / len(samples))


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [
        ("a.wav", "pcm_s16le", 8_000),
        ("a.wav", "pcm_s24le", 44_100),
        ("a.wav", "pcm_u8", 16_000),
        ("a.wav", "pcm_f32le", 48_000),
        ("a.flac", "flac", 96_000),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.m4a", "aac", 48_000),
        ("a.mp4", "aac", 44_100),
        ("a.webm", "libopus", 48_000),
        ("a.ogg", "flac", 44_100),
        ("a.opus", "libopus", 48_000),
        ("a.mkv", "flac", 22_050),
        ("a.aiff", "pcm_s16be", 44_100),
        ("a.au", "pcm_s16be", 8_000),
    ],
)
def test_it_decodes(tmp_path: Path, name: str, codec: str, rate_hz: int):
    samples, info = decode(write_encoded(tmp_path / name, codec, rate_hz))
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert abs(info.duration_ms - 2000) <= 80, "codecs pad their last frame"
    assert info.sample_rate_hz == rate_hz
    assert info.channels == 1
    assert abs(loudest_hz(samples) - 440) < 2
    assert np.percentile(np.abs(samples), 99) == pytest.approx(0.25, rel=0.1)


def test_channels_are_averaged(tmp_path: Path):
    samples, info = decode(write_encoded(tmp_path / "a.wav", "pcm_s16le", 16_000, "stereo"))
    assert info.channels == 2
    assert np.abs(samples).max() == pytest.approx(0.125, rel=0.01)


def test_sixteen_kilohertz_pcm_comes_back_exactly(tmp_path: Path):
    samples = pcm16_to_float(float_to_pcm16(make_noise(3.0, 0.1)))
    (tmp_path / "a.wav").write_bytes(wav_bytes(samples))
    assert np.array_equal(decode(tmp_path / "a.wav")[0], samples)


def test_the_name_of_a_file_does_not_matter(tmp_path: Path):
    path = write_encoded(tmp_path / "a.mp3", "libmp3lame", 44_100)
    assert decode(path.rename(tmp_path / "recording.txt"))[1].duration_ms >= 2000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"hello, this is no sound", "The file is not a sound recording, or it is damaged."),
        (bytes(range(256)) * 40, "The file is not a sound recording, or it is damaged."),
        (b"%PDF-1.4 nothing to hear", "The file is not a sound recording, or it is damaged."),
        (
            wav_bytes(np.zeros(0, np.float32)),
            "The file is damaged or cut off: no sound could be read from it.",
        ),
    ],
)
def test_it_says_why_it_refuses(tmp_path: Path, content: bytes, sentence: str):
    (tmp_path / "upload").write_bytes(content)
    with pytest.raises(AudioDecodeError) as refusal:
        decode(tmp_path / "upload")
    assert str(refusal.value) == sentence


def test_a_missing_file_is_told_from_a_bad_one(tmp_path: Path):
    with pytest.raises(AudioDecodeError, match="not there"):
        decode(tmp_path / "nowhere.wav")


def test_a_film_without_sound_is_refused(tmp_path: Path):
    with av.open(str(tmp_path / "silent.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    with pytest.raises(AudioDecodeError, match="no sound"):
        decode(tmp_path / "silent.mp4")


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "image.png"])
def test_a_list_of_other_files_is_not_followed(tmp_path: Path, name: str):
    """libav would open what an uploaded play list names: other people's files, other hosts."""
    write_encoded(tmp_path / "secret.wav", "pcm_s16le", 16_000)
    lists = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.wav\n#EXT-X-ENDLIST\n",
        "list.ffconcat": "ffconcat version 1.0\nfile secret.wav\n",
        "image.png": "\x89PNG\r\n",
    }
    (tmp_path / name).write_text(lists[name], encoding="latin-1")
    with pytest.raises(AudioDecodeError):
        decode(tmp_path / name)


def test_too_long_is_refused_by_its_header_and_by_its_sound(tmp_path: Path):
    path = write_encoded(tmp_path / "a.wav", "pcm_s16le", 16_000, seconds=3.0)
    assert decode(path, max_duration_s=3.0)[1].duration_ms == 3000
    with pytest.raises(AudioDecodeError, match="longer than the 2 seconds"):
        decode(path, max_duration_s=2.0)
    # A stream that does not know its own length, as a browser records it.
    stream = write_encoded(tmp_path / "a.aac", "aac", 16_000, seconds=3.0)
    with pytest.raises(AudioDecodeError, match="longer than the 2 seconds"):
        decode(stream, max_duration_s=2.0)


def test_a_recording_cut_off_keeps_what_it_has(tmp_path: Path):
    path = write_encoded(tmp_path / "a.mp3", "libmp3lame", 44_100, seconds=4.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1500 < decode(path)[1].duration_ms < 2500


def test_damage_in_the_middle_is_survived(tmp_path: Path):
    path = write_encoded(tmp_path / "a.mp3", "libmp3lame", 44_100, seconds=4.0)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = np.random.default_rng(0).bytes(2000)
    path.write_bytes(bytes(data))
    assert decode(path)[1].duration_ms > 3000


def test_a_slice_of_the_copy_is_the_same_samples(tmp_path: Path):
    samples = pcm16_to_float(float_to_pcm16(make_noise(3.0, 0.1)))
    write_flac(tmp_path / "a.flac", samples)
    assert np.array_equal(read_flac(tmp_path / "a.flac"), samples)
    assert np.array_equal(read_flac(tmp_path / "a.flac", 500, 1250), samples[8000:20000])
    assert np.array_equal(read_flac(tmp_path / "a.flac", 2900, 9000), samples[46400:])
    assert len(read_flac(tmp_path / "a.flac", 5000, 6000)) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"], "no temporary file stays"


def test_a_copy_of_another_rate_is_refused(tmp_path: Path):
    soundfile.write(tmp_path / "a.flac", np.zeros(800), 8000)
    with pytest.raises(AudioDecodeError, match="cannot be read"):
        read_flac(tmp_path / "a.flac")
    with pytest.raises(AudioDecodeError, match="cannot be read"):
        read_flac(tmp_path / "nowhere.flac")


def test_the_standard_tone_measures_what_the_standard_says():
    """BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS; so at -20 dBFS -23.01."""
    assert integrated_lufs(make_tone(20, 997, 0.1)) == pytest.approx(-23.01, abs=0.1)
    assert integrated_lufs(make_tone(90, 997, 0.1)) == pytest.approx(-23.01, abs=0.1), "more than one chunk"


def test_low_frequencies_count_less_and_pauses_not_at_all():
    assert integrated_lufs(make_tone(5, 30, 0.1)) < integrated_lufs(make_tone(5, 1000, 0.1)) - 3
    speech = make_tone(5, 1000, 0.1)
    with_pause = np.concatenate([speech, np.zeros(16_000 * 20, np.float32)])
    assert integrated_lufs(with_pause) == pytest.approx(integrated_lufs(speech), abs=0.3)


@pytest.mark.parametrize("gain_db", [-30, -10, 0, 6])
def test_loudness_comes_to_the_target_without_clipping(gain_db: int):
    samples = make_syllables(10, 0.08) * np.float32(10 ** (gain_db / 20))
    levelled, before_lufs = normalise_loudness(samples)
    assert before_lufs == pytest.approx(integrated_lufs(samples))
    assert integrated_lufs(levelled) == pytest.approx(-23.0, abs=0.05)
    assert np.abs(levelled).max() < 0.9
    assert levelled.dtype == np.float32


def test_a_click_limits_the_gain():
    samples = make_tone(5, 1000, 0.001)
    samples[40_000] = 0.9
    levelled, _ = normalise_loudness(samples)
    assert np.abs(levelled).max() == pytest.approx(10 ** (-1 / 20), rel=1e-4)


def test_silence_stays_silence():
    levelled, before_lufs = normalise_loudness(np.zeros(16_000, np.float32))
    assert before_lufs == -70.0
    assert not levelled.any()
    assert normalise_loudness(np.zeros(0, np.float32))[0].shape == (0,)
    assert normalise_loudness(make_tone(0.05))[1] > -70, "shorter than a block still has a loudness"


def test_peaks_show_the_waveform():
    samples = np.zeros(16_000, np.float32)
    samples[320] = -1.0
    samples[700] = 0.5
    drawn = peaks(samples)
    assert len(drawn) == 50
    assert drawn[:4] == [0, 127, 64, 0]
    assert peaks(np.zeros(0, np.float32)) == []
    assert len(peaks(samples[:321])) == 2


def test_pcm_there_and_back_is_exact():
    data = np.arange(-32768, 32768, dtype="<i2").tobytes()
    assert float_to_pcm16(pcm16_to_float(data)) == data
    assert float_to_pcm16(np.array([2.0, -2.0], np.float32)) == np.array([32767, -32768], "<i2").tobytes()
    with pytest.raises(ValueError):
        pcm16_to_float(b"\x00")


def test_wav_bytes_are_a_wav_file():
    with wave.open(io.BytesIO(wav_bytes(make_tone(0.5)))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 8000)


def test_a_probe_refuses_what_decoding_would(tmp_path: Path):
    path = write_encoded(tmp_path / "a.wav", "pcm_s16le", 16_000, seconds=3.0)
    probe(path, max_duration_s=5.0)
    with pytest.raises(AudioDecodeError, match="longer than the 2 seconds"):
        probe(path, max_duration_s=2.0)
    (tmp_path / "text").write_bytes(b"no sound")
    with pytest.raises(AudioDecodeError, match="not a sound recording"):
        probe(tmp_path / "text")
