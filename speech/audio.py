"""Audio in and out: the only module that knows formats, sample rates and loudness.

Everything it returns is float32 mono 16 kHz in [-1, 1], shape (samples,). Decoding is PyAV, resampling
soxr, the normalised copy FLAC through soundfile.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
import soundfile
import soxr

from speech.loudness import GATE_LUFS, integrated_lufs

SAMPLE_RATE_HZ = 16_000
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000
BLOCK_SAMPLES = 1 << 16
PEAK_CEILING = 10 ** (-1 / 20)  # -1 dBFS
MAX_GAIN_DB = 30.0  # a recording of nothing is not blown up to speech level
# Containers and raw streams that hold sound. A list of what is allowed, because libav would also follow
# playlists (HLS, concat, SDP) to other files and hosts, and "decode" text and pictures.
FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dss,dts,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mp4,mpc,"
    "mpc8,mpeg,mpegts,ogg,oma,opus,spx,tak,tta,voc,w64,wav,webm,wv"
)
# What can be wrong with a file. Floors above say it in the person's language, by the code.
PROBLEMS = {
    "missing": "The file is not there.",
    "empty": "The file is empty.",
    "no_recording": "The file is not a sound recording, or it is damaged.",
    "no_audio_stream": "The file holds no sound, only pictures or other data.",
    "nothing_read": "The file is damaged or cut off: no sound could be read from it.",
    "too_long": "The recording is longer than the {limit_s:g} seconds that are allowed.",
    "bad_copy": "The normalised copy of the recording cannot be read.",
}


class AudioDecodeError(Exception):
    """A file that holds no usable sound: `code` is a key of PROBLEMS, `details` fill its sentence."""

    def __init__(self, code: str, **details: float) -> None:
        super().__init__(PROBLEMS[code].format(**details))
        self.code, self.details = code, details


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the original was; `duration_ms` is of the sound decoded."""

    sample_rate_hz: int
    channels: int
    duration_ms: int


def decode(path: Path, max_duration_s: float | None = None) -> tuple[np.ndarray, AudioInfo]:
    """Any format that libav knows -> (samples,) and what the original was. Channels are averaged.

    Streams in blocks: the memory needed is that of the result. A damaged packet is left out; raises
    AudioDecodeError for a file that is no audio, empty, broken or longer than `max_duration_s`.
    """
    with _opened(path, max_duration_s) as (file, stream):
        rate_hz, channels = stream.rate or 0, stream.channels
        samples = np.empty(60 * SAMPLE_RATE_HZ, np.float32)
        count = 0
        for block in _resampled(_mono_blocks(file, stream)):
            end = count + len(block)
            _refuse_longer(end / SAMPLE_RATE_HZ, max_duration_s)
            if end > len(samples):
                # In place, so that a long recording is in memory once; nothing else refers to it yet.
                samples.resize(max(end, len(samples) * 5 // 4), refcheck=False)
            # Peaks of a hot master pass full scale a little after resampling; a broken file holds NaN.
            np.clip(np.nan_to_num(block), -1.0, 1.0, out=samples[count:end])
            count = end
    if count == 0:
        raise AudioDecodeError("nothing_read")
    samples.resize(count, refcheck=False)
    return samples, AudioInfo(rate_hz, channels, count // SAMPLES_PER_MS)


def probe(path: Path, max_duration_s: float | None = None) -> None:
    """Refuses at once, by the header and the first frame, most of what `decode` would refuse later.

    Costs milliseconds whatever the length. Raises AudioDecodeError.
    """
    with _opened(path, max_duration_s) as (file, stream):
        if next(_frames(file, stream), None) is None:
            raise AudioDecodeError("nothing_read")


@contextmanager
def _opened(
    path: Path, max_duration_s: float | None
) -> Iterator[tuple["av.container.InputContainer", "av.AudioStream"]]:
    """The file and its first sound stream; whatever libav says on the way becomes an AudioDecodeError."""
    try:
        with av.open(str(path), options={"format_whitelist": FORMATS, "protocol_whitelist": "file"}) as file:
            if not file.streams.audio:
                raise AudioDecodeError("no_audio_stream")
            if file.duration is not None:
                _refuse_longer(file.duration / av.time_base, max_duration_s)
            yield file, file.streams.audio[0]
    except av.error.FFmpegError as error:
        raise AudioDecodeError(_why_not_opened(Path(path))) from error


def _mono_blocks(
    file: "av.container.InputContainer", stream: "av.AudioStream"
) -> Iterator[tuple[np.ndarray, int]]:
    """Decoded sound as blocks of (mono float32 samples, their rate in Hz), about BLOCK_SAMPLES long."""
    pending: list[np.ndarray] = []
    pending_samples, pending_rate_hz = 0, 0
    for frame in _frames(file, stream):
        mono = _mono(frame)
        if pending and (frame.sample_rate != pending_rate_hz or pending_samples >= BLOCK_SAMPLES):
            yield np.concatenate(pending), pending_rate_hz
            pending, pending_samples = [], 0
        pending.append(mono)
        pending_samples += len(mono)
        pending_rate_hz = frame.sample_rate
    if pending:
        yield np.concatenate(pending), pending_rate_hz


def _frames(file: "av.container.InputContainer", stream: "av.AudioStream") -> Iterator["av.AudioFrame"]:
    """Frames of the stream; a packet that cannot be decoded is left out, as every player does."""
    try:
        for packet in file.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue
    except (av.error.InvalidDataError, av.error.EOFError):
        return  # cut off inside a packet: keep what was read


def _mono(frame: "av.AudioFrame") -> np.ndarray:
    """A frame of any sample format -> mean of its channels, float32 (samples,)."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype.kind == "f":
        return data.mean(axis=0, dtype=np.float32)
    if data.dtype == np.uint8:
        return (data.astype(np.float32).mean(axis=0) - 128.0) / 128.0
    full_scale = 2.0 ** (8 * data.dtype.itemsize - 1)
    return (data.mean(axis=0, dtype=np.float64) / full_scale).astype(np.float32)


def _resampled(blocks: Iterator[tuple[np.ndarray, int]]) -> Iterator[np.ndarray]:
    """Blocks at any rate -> blocks at 16 kHz, one soxr stream as long as the rate stays."""
    resampler: soxr.ResampleStream | None = None
    current_hz = 0
    nothing = np.zeros(0, np.float32)
    for samples, rate_hz in blocks:
        if rate_hz != current_hz:
            if resampler is not None:
                yield resampler.resample_chunk(nothing, last=True)
            current_hz = rate_hz
            same = rate_hz == SAMPLE_RATE_HZ
            resampler = None if same else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
        yield samples if resampler is None else resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(nothing, last=True)


def _refuse_longer(duration_s: float, max_duration_s: float | None) -> None:
    if max_duration_s is not None and duration_s > max_duration_s + 1e-3:
        raise AudioDecodeError("too_long", limit_s=max_duration_s)


def _why_not_opened(path: Path) -> str:
    if not path.exists():
        return "missing"
    if path.stat().st_size == 0:
        return "empty"
    return "no_recording"


def read_flac(path: Path, start_ms: int = 0, end_ms: int | None = None) -> np.ndarray:
    """A stretch of the normalised copy, seeking to it: (samples,). Ends where the file ends.

    Raises AudioDecodeError when the file is no 16 kHz mono file.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate != SAMPLE_RATE_HZ or file.channels != 1:
                raise AudioDecodeError("bad_copy")
            start = min(start_ms * SAMPLES_PER_MS, file.frames)
            stop = file.frames if end_ms is None else min(end_ms * SAMPLES_PER_MS, file.frames)
            file.seek(start)
            return file.read(max(0, stop - start), dtype="float32")
    except soundfile.SoundFileError as error:
        raise AudioDecodeError("bad_copy") from error


def write_flac(path: Path, samples: np.ndarray) -> None:
    """16-bit FLAC, written to a temporary name and renamed."""
    path = Path(path)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    soundfile.write(temporary, np.clip(samples, -1.0, 1.0), SAMPLE_RATE_HZ, subtype="PCM_16", format="FLAC")
    temporary.replace(path)


def wav_bytes(samples: np.ndarray) -> bytes:
    """A 16-bit PCM WAV file in memory, for the browser."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1.0, 1.0), SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
    return buffer.getvalue()


def normalise_loudness(samples: np.ndarray, target_lufs: float = -23.0) -> tuple[np.ndarray, float]:
    """Bring speech to one level (EBU R 128) by gain alone: (samples,), and the loudness before, in LUFS.

    Never clips: the gain ends where the highest peak reaches -1 dBFS, and at +30 dB. Silence stays as it
    is and reports the gate, -70 LUFS.
    """
    measured_lufs = integrated_lufs(samples)
    if measured_lufs <= GATE_LUFS:
        return samples.astype(np.float32, copy=False), GATE_LUFS
    gain_db = min(target_lufs - measured_lufs, MAX_GAIN_DB)
    peak = float(max(samples.max(), -samples.min()))
    gain = min(10 ** (gain_db / 20), PEAK_CEILING / peak)
    return (samples * np.float32(gain)).astype(np.float32, copy=False), measured_lufs


def peaks(samples: np.ndarray, per_second: int = 50) -> list[int]:
    """The waveform to draw: max |x| of each bin, 0 to 127."""
    if len(samples) == 0:
        return []
    starts = np.arange(0, len(samples), SAMPLE_RATE_HZ // per_second)
    highest = np.maximum(np.maximum.reduceat(samples, starts), -np.minimum.reduceat(samples, starts))
    return np.minimum(np.round(highest * 127), 127).astype(int).tolist()


def pcm16_to_float(data: bytes) -> np.ndarray:
    """Little-endian 16-bit PCM -> float32 (samples,). Raises ValueError for half a sample."""
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768.0


def float_to_pcm16(samples: np.ndarray) -> bytes:
    """The inverse of `pcm16_to_float`, exact for what came from it; clips at full scale."""
    return np.clip(np.round(samples * 32768.0), -32768, 32767).astype("<i2").tobytes()
