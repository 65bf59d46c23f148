"""Where speech is: Silero VAD 6.2 through onnxruntime; samples in, probabilities or spans out.

The model file comes from the `silero-vad` wheel, found without importing that package (it imports torch
and sets its threads). Knows nothing of files or utterances.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime

from speech.types import Span

SAMPLE_RATE_HZ = 16_000
SAMPLES_PER_MS = 16
FRAME_SAMPLES = 512
FRAME_MS = 32
CONTEXT_SAMPLES = 64
STATE_SIZE = 128
FRAMES_PER_RUN = 1024  # bounds the memory of a long recording


@dataclass(frozen=True, slots=True)
class VadOptions:
    """Speech starts at `threshold` and ends below `end_threshold` for at least `min_silence_ms`.

    `pad_ms` is added on both sides, never into a neighbour.
    """

    threshold: float = 0.5
    end_threshold: float = 0.35
    min_speech_ms: int = 200
    min_silence_ms: int = 300
    pad_ms: int = 120


DEFAULT_OPTIONS = VadOptions()


class VadModelMissing(Exception):
    """The silero-vad wheel is not installed or holds no model."""


class SileroVad:
    """The model itself: one session for the process, safe to share between threads. States are callers'."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(_model_path()), options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Speech probability of every 512 samples (32 ms), the last frame filled up with zeros: (frames,)."""
        state = _new_state()
        found = [np.zeros(0, np.float32)]
        for first in range(0, len(samples), FRAMES_PER_RUN * FRAME_SAMPLES):
            windows = _windows(samples, first, min(len(samples), first + FRAMES_PER_RUN * FRAME_SAMPLES))
            probabilities, state = self.run(windows, state)
            found.append(probabilities)
        return np.concatenate(found)

    def run(
        self, windows: np.ndarray, state: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Consecutive windows (frames, 64 + 512), each with the 64 samples before it, and the LSTM state
        -> probabilities (frames,) and the state after them."""
        if windows.ndim != 2 or windows.shape[1] != CONTEXT_SAMPLES + FRAME_SAMPLES:
            raise ValueError(f"VAD windows must be (frames, 576), got {windows.shape}")
        inputs = {"input": np.ascontiguousarray(windows, np.float32), "h": state[0], "c": state[1]}
        probabilities, hidden, cell = self._session.run(None, inputs)
        return probabilities, (hidden, cell)


class StreamingVad:
    """One per stream: remembers the state and the last samples between frames."""

    def __init__(self, model: SileroVad | None = None) -> None:
        self._model = model or shared_model()
        self.reset()

    def reset(self) -> None:
        self._state = _new_state()
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)

    def push(self, frame: np.ndarray) -> float:
        """The next 512 samples -> probability that they are speech; equal to `probabilities` on the whole."""
        if frame.shape != (FRAME_SAMPLES,):
            raise ValueError(f"a VAD frame has {FRAME_SAMPLES} samples, got {frame.shape}")
        return float(self.push_all(frame[None])[0])

    def push_all(self, frames: np.ndarray) -> np.ndarray:
        """The next frames, (frames, 512) -> (frames,): as by push one by one, in one run of the model."""
        if frames.ndim != 2 or frames.shape[1] != FRAME_SAMPLES:
            raise ValueError(f"VAD frames must be (frames, {FRAME_SAMPLES}), got {frames.shape}")
        windows = np.empty((len(frames), CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        windows[:, CONTEXT_SAMPLES:] = frames
        windows[:1, :CONTEXT_SAMPLES] = self._context
        windows[1:, :CONTEXT_SAMPLES] = frames[:-1, -CONTEXT_SAMPLES:]
        if not len(frames):
            return np.zeros(0, np.float32)
        probabilities, self._state = self._model.run(windows, self._state)
        self._context = windows[-1, -CONTEXT_SAMPLES:]
        return probabilities


def speech_spans(
    samples: np.ndarray, options: VadOptions = DEFAULT_OPTIONS, vad: SileroVad | None = None
) -> list[Span]:
    """Stretches of speech in order, apart, within the samples."""
    probabilities = (vad or shared_model()).probabilities(samples)
    return spans_of(probabilities, len(samples) // SAMPLES_PER_MS, options)


def spans_of(
    probabilities: np.ndarray, duration_ms: int, options: VadOptions = DEFAULT_OPTIONS
) -> list[Span]:
    """Frame probabilities (frames,) -> spans: hysteresis, then close short gaps, drop blips, pad."""
    runs = [(start * FRAME_MS, end * FRAME_MS) for start, end in _active_runs(probabilities, options)]
    joined: list[tuple[int, int]] = []
    for start_ms, end_ms in runs:
        if joined and start_ms - joined[-1][1] < options.min_silence_ms:
            joined[-1] = (joined[-1][0], end_ms)
        else:
            joined.append((start_ms, end_ms))
    kept = [(start, min(end, duration_ms)) for start, end in joined if end - start >= options.min_speech_ms]
    return padded_spans([Span(start, end) for start, end in kept], options.pad_ms, duration_ms)


def padded_spans(spans: list[Span], pad_ms: int, duration_ms: int) -> list[Span]:
    """Each span wider by `pad_ms` on both sides; where neighbours would meet, to the middle of the gap."""
    padded = []
    for i, span in enumerate(spans):
        before_ms = (spans[i - 1].end_ms + span.start_ms + 1) // 2 if i else 0
        after_ms = (span.end_ms + spans[i + 1].start_ms + 1) // 2 if i + 1 < len(spans) else duration_ms
        start_ms = max(span.start_ms - pad_ms, before_ms)
        padded.append(Span(start_ms, max(start_ms, min(span.end_ms + pad_ms, after_ms))))
    return padded


def _active_runs(probabilities: np.ndarray, options: VadOptions) -> list[tuple[int, int]]:
    """Frame ranges [start, end) of speech; between the thresholds the last decision holds."""
    decision = np.zeros(len(probabilities) + 1, np.int8)
    decision[1:][probabilities >= options.threshold] = 1
    decision[1:][probabilities < options.end_threshold] = -1
    decided_at = np.where(decision != 0, np.arange(len(decision)), 0)
    active = decision[np.maximum.accumulate(decided_at)][1:] > 0
    edges = np.flatnonzero(np.diff(active.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _windows(samples: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Frames of samples[start:stop], each behind the 64 samples before it: (frames, 576)."""
    frame_count = -(-(stop - start) // FRAME_SAMPLES)
    before = min(start, CONTEXT_SAMPLES)
    padded = np.zeros(CONTEXT_SAMPLES + frame_count * FRAME_SAMPLES, np.float32)
    stretch = samples[start - before : stop]
    padded[CONTEXT_SAMPLES - before : CONTEXT_SAMPLES - before + len(stretch)] = stretch
    return np.lib.stride_tricks.sliding_window_view(padded, CONTEXT_SAMPLES + FRAME_SAMPLES)[::FRAME_SAMPLES]


def _new_state() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((1, 1, STATE_SIZE), np.float32), np.zeros((1, 1, STATE_SIZE), np.float32)


@lru_cache(maxsize=1)
def shared_model() -> SileroVad:
    return SileroVad()


def _model_path() -> Path:
    """The variant that takes many frames in one call (3 times the speed of the frame-by-frame file)."""
    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None:
        raise VadModelMissing("The package silero-vad is not installed.")
    path = Path(spec.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    if not path.is_file():
        raise VadModelMissing(f"silero-vad is installed without {path.name}; version 6.2 has it.")
    return path
