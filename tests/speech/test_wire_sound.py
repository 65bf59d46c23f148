"""Sound in pieces: any cut gives the same samples, every encoding the same speech."""

import av
import numpy as np
import pytest
import soxr

from speech.audio import float_to_pcm16, pcm16_to_float
from speech.wire_sound import WireSound, WireSoundError

TIME_S = np.arange(16_000) / 16_000
TONE = (0.3 * np.sin(2 * np.pi * 440 * TIME_S)).astype(np.float32)
PCM = float_to_pcm16(TONE)


def through(sound: WireSound, data: bytes, step: int) -> bytes:
    pieces = [sound.feed(data[first : first + step]) for first in range(0, len(data), step)]
    return b"".join(pieces) + sound.flush()


def opus_packets(samples: np.ndarray) -> list[bytes]:
    coder = av.CodecContext.create("libopus", "w")
    coder.sample_rate, coder.layout, coder.format = 48_000, "mono", "s16"
    coder.open()
    words = np.frombuffer(float_to_pcm16(soxr.resample(samples, 16_000, 48_000)), "<i2")
    packets = []
    for first in range(0, len(words) - coder.frame_size + 1, coder.frame_size):
        frame = av.AudioFrame.from_ndarray(words[None, first : first + coder.frame_size], "s16", "mono")
        frame.sample_rate, frame.pts = 48_000, first
        packets += [bytes(packet) for packet in coder.encode(frame)]
    return packets


def likeness(heard: bytes, wanted: np.ndarray, delay: int = 0) -> float:
    samples = pcm16_to_float(heard)[delay:]
    length = min(len(samples), len(wanted)) - 400
    return float(np.corrcoef(samples[200:length], wanted[200:length])[0, 1])


@pytest.mark.parametrize("step", [1, 3, 3200, 100_000])
def test_what_is_right_already_passes_byte_for_byte(step):
    assert through(WireSound(), PCM, step) == PCM


@pytest.mark.parametrize("encoding", ["pcm16", "float32", "mulaw", "alaw"])
def test_any_cut_gives_the_same_samples(encoding):
    data = {"pcm16": PCM, "float32": TONE.tobytes()}.get(encoding, PCM[:8000])
    rate_hz = 8000 if encoding.endswith("law") else 24_000
    wholes = [through(WireSound(encoding, rate_hz), data, step) for step in (7, 640, len(data))]
    assert wholes[0] == wholes[1] == wholes[2] != b""


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100, 48_000])
def test_another_rate_is_the_same_sound_of_the_same_length(rate_hz):
    other = float_to_pcm16(soxr.resample(TONE, 16_000, rate_hz))
    heard = through(WireSound("pcm16", rate_hz), other, 4000)
    assert abs(len(heard) - len(PCM)) < 200
    assert likeness(heard, TONE) > 0.999


def test_two_channels_are_averaged():
    both = np.stack([TONE, np.zeros_like(TONE)], axis=1)
    heard = through(WireSound("float32", channels=2), both.astype("<f4").tobytes(), 1000)
    assert np.allclose(pcm16_to_float(heard), TONE / 2, atol=1e-4)


@pytest.mark.parametrize(("encoding", "codec"), [("mulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
def test_telephone_speech(encoding, codec):
    coder = av.CodecContext.create(codec, "w")
    coder.sample_rate, coder.layout, coder.format = 8000, "mono", "s16"
    narrow = np.frombuffer(float_to_pcm16(soxr.resample(TONE, 16_000, 8_000)), "<i2")
    frame = av.AudioFrame.from_ndarray(narrow[None], "s16", "mono")
    frame.sample_rate = 8000
    data = b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])
    assert likeness(through(WireSound(encoding, 8000), data, 160), TONE) > 0.99


def test_opus_packets_in_order_are_the_sound():
    sound = WireSound("opus")
    pieces = [sound.feed(packet) for packet in opus_packets(TONE)]
    assert all(len(piece) >= 600 for piece in pieces), "each packet of 20 ms gives its samples at once"
    heard = b"".join(pieces) + sound.flush()
    delay = 104  # libopus' look-ahead of 6.5 ms
    assert likeness(heard, TONE, delay) > 0.99


def test_a_packet_that_is_none_is_refused_and_the_stream_goes_on():
    sound, packets = WireSound("opus"), opus_packets(TONE)
    for packet in packets[:10]:
        sound.feed(packet)
    with pytest.raises(WireSoundError, match="opus packet"):
        sound.feed(b"\xff\xff\xff\x00garbage")
    assert sound.feed(packets[10])


@pytest.mark.parametrize("encoding", ["pcm16", "opus"])
def test_a_stream_goes_on_after_a_flush_and_nothing_is_lost(encoding):
    if encoding == "opus":
        pieces = opus_packets(TONE)
    else:
        wide = float_to_pcm16(soxr.resample(TONE, 16_000, 24_000))
        pieces = [wide[first : first + 4800] for first in range(0, len(wide), 4800)]
    sound = WireSound(encoding, 24_000)
    halves = [b"".join(map(sound.feed, half)) + sound.flush() for half in (pieces[:5], pieces[5:])]
    assert abs(sum(map(len, halves)) - len(PCM)) < 1400, "an Opus coder adds the beginning of its own"
    assert all(len(half) > 3000 for half in halves)


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "channels"), [("mp3", 16_000, 1), ("pcm16", 1, 1), ("pcm16", 16_000, 0)]
)
def test_an_unknown_format_is_refused(encoding, rate_hz, channels):
    with pytest.raises(WireSoundError):
        WireSound(encoding, rate_hz, channels)
