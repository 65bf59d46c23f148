"""Sound as it comes over a wire, piece by piece -> PCM16 16 kHz mono. No container, no protocol.

A piece may end anywhere, except with Opus, where it is exactly one packet. What is 16 kHz mono PCM16 already
passes unchanged, byte for byte.
"""

from typing import Literal, cast, get_args

import av
import av.error
import numpy as np
import soxr

from speech.audio import SAMPLE_RATE_HZ, float_to_pcm16

Encoding = Literal["pcm16", "float32", "mulaw", "alaw", "opus"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
OPUS_RATE_HZ = 48_000  # what it decodes to, whatever was recorded
SLOWEST_HZ, FASTEST_HZ, MOST_CHANNELS = 8_000, 96_000, 8
_SAMPLE_BYTES = {"pcm16": 2, "float32": 4, "mulaw": 1, "alaw": 1}


_CONTAINERS = {
    b"\x1aE\xdf\xa3": "WebM",
    b"OggS": "Ogg",
    b"RIFF": "WAV",
    b"ID3": "MP3",
    b"fLaC": "FLAC",
}


def container_of(beginning: bytes) -> str:
    """The kind of file that begins like this, by its magic number; empty for bare samples."""
    if beginning[4:8] == b"ftyp":
        return "MP4"
    return next((name for magic, name in _CONTAINERS.items() if beginning.startswith(magic)), "")


class WireSoundError(ValueError):
    """The format is none that is known, or a piece is no sound of it; the message says which."""


class WireSound:
    """One stream. `channels` are averaged."""

    def __init__(
        self, encoding: Encoding = "pcm16", rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1
    ) -> None:
        if encoding not in ENCODINGS:
            raise WireSoundError(f"The encoding is one of {', '.join(ENCODINGS)}.")
        if encoding == "opus":
            rate_hz = OPUS_RATE_HZ
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise WireSoundError(f"The sample rate is from {SLOWEST_HZ} to {FASTEST_HZ} Hz.")
        if not 1 <= channels <= MOST_CHANNELS:
            raise WireSoundError(f"There are from 1 to {MOST_CHANNELS} channels.")
        self._encoding, self._channels = encoding, channels
        self._unchanged = (encoding, rate_hz, channels) == ("pcm16", SAMPLE_RATE_HZ, 1)
        self._rest = b""
        self._coder = _coder(encoding, rate_hz, channels)
        # Holds back less than a millisecond: each Opus packet gives its own samples at once.
        self._opus_to_16k = _to_16k()
        self._resampler = (
            soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
            if rate_hz != SAMPLE_RATE_HZ
            else None
        )

    def feed(self, piece: bytes) -> bytes:
        """Raises WireSoundError; the stream can go on after it."""
        if self._encoding == "opus":
            return b"".join(self._packed(frame) for frame in self._decoded(piece))
        data = self._rest + piece
        size = _SAMPLE_BYTES[self._encoding] * self._channels
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        if self._unchanged or not whole:
            return data[:whole]
        return self._resampled(self._samples(data[:whole]))

    def flush(self) -> bytes:
        """What is held back for the samples to come, some milliseconds; the stream may go on after it."""
        if self._encoding == "opus":
            rest, self._opus_to_16k = self._packed(None), _to_16k()
            return rest
        if self._resampler is None:
            return b""
        rest = float_to_pcm16(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._resampler.clear()
        return rest

    def _samples(self, data: bytes) -> np.ndarray:
        """-> float32 mono at the stream's own rate."""
        if self._encoding == "float32":
            samples = np.nan_to_num(np.frombuffer(data, "<f4"))
        elif self._encoding == "pcm16":
            samples = np.frombuffer(data, "<i2").astype(np.float32) / 32768.0
        else:
            frames = self._decoded(data)
            samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) / np.float32(32768)
        return samples.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)

    def _decoded(self, piece: bytes) -> list[av.AudioFrame]:
        """By a codec of libav: Opus, or G.711 to interleaved 16 bits."""
        coder = cast(av.AudioCodecContext, self._coder)
        try:
            return coder.decode(av.Packet(piece))
        except av.error.FFmpegError as error:
            raise WireSoundError(f"This is no {self._encoding} packet.") from error

    def _packed(self, frame: av.AudioFrame | None) -> bytes:
        return b"".join(part.to_ndarray().tobytes() for part in self._opus_to_16k.resample(frame))

    def _resampled(self, samples: np.ndarray) -> bytes:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return float_to_pcm16(samples)


def _to_16k() -> av.AudioResampler:
    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)


def _coder(encoding: Encoding, rate_hz: int, channels: int) -> av.CodecContext | None:
    name = {"opus": "opus", "mulaw": "pcm_mulaw", "alaw": "pcm_alaw"}.get(encoding)
    if name is None:
        return None
    coder = cast(av.AudioCodecContext, av.CodecContext.create(name, "r"))
    coder.sample_rate = rate_hz
    coder.layout = "mono" if channels == 1 else "stereo" if channels == 2 else f"{channels}c"
    return coder
