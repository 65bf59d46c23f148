"""Where utterances begin and end: one voice probability a frame in, signals out.

Positions are absolute samples. The result depends on the frames alone, never on how they arrived.
A pause is announced early (`Paused`), so that recognition runs while the hangover is still waited for.
"""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inference.streaming.clock import to_samples

FRAME_SAMPLES = 512


class Vad(Protocol):
    """Voice probability of one frame of 512 samples (float32 in [-1, 1]); keeps one session's state."""

    def push(self, frame: np.ndarray) -> float: ...


@dataclass(frozen=True, slots=True)
class Hangover:
    """Silence that ends an utterance: where nothing is known of its text, where that looks complete, and
    where it looks unfinished."""

    usual_ms: int = 480
    complete_ms: int = 320
    unfinished_ms: int = 800

    @classmethod
    def fixed(cls, milliseconds: int) -> "Hangover":
        return cls(milliseconds, milliseconds, milliseconds)


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """`ends_by_silence` False: only the client ends an utterance (and its greatest length does)."""

    threshold: float = 0.5
    release_threshold: float = 0.35  # a voice that trails off is still a voice
    start_ms: int = 96
    pre_roll_ms: int = 300
    tail_ms: int = 192
    pause_ms: int = 224
    hangover: Hangover = Hangover()
    ends_by_silence: bool = True
    max_utterance_ms: int = 16_000
    cut_search_ms: int = 4_000


@dataclass(frozen=True, slots=True)
class Started:
    start: int


@dataclass(frozen=True, slots=True)
class Paused:
    start: int
    end: int
    speech: int


@dataclass(frozen=True, slots=True)
class Resumed:
    pass


@dataclass(frozen=True, slots=True)
class Ended:
    start: int
    end: int
    speech: int
    speech_end: int


Signal = Started | Paused | Resumed | Ended


@dataclass(frozen=True, slots=True)
class _Frame:
    end: int
    voiced: bool
    energy: float


class Endpointer:
    def __init__(self, vad: Vad, options: EndpointOptions = EndpointOptions(), start: int = 0) -> None:
        self._vad = vad
        self._options = options
        self.position = start
        self._floor = start  # no utterance begins before the last one ended
        self._start: int | None = None  # None: waiting for a voice
        self._onset = 0  # voiced frames in a row while waiting
        self._speech_end = start
        self._paused = False
        self._frames: deque[_Frame] = deque()  # of the running utterance

    @property
    def active(self) -> bool:
        return self._start is not None

    @property
    def speech(self) -> int:
        """Voiced samples of the running utterance."""
        return FRAME_SAMPLES * sum(frame.voiced for frame in self._frames)

    @property
    def start(self) -> int:
        """The earliest sample that an utterance may still ask for."""
        earliest = self.position - to_samples(self._options.pre_roll_ms + self._options.start_ms)
        return self._start if self._start is not None else max(self._floor, earliest - FRAME_SAMPLES)

    def push(self, frame: np.ndarray) -> list[Signal]:
        """`frame`: float32, shape (512,)."""
        probability = self._vad.push(frame)
        self.position += FRAME_SAMPLES
        bar = self._options.release_threshold if self.active and not self._paused else self._options.threshold
        seen = _Frame(self.position, probability >= bar, float(np.mean(frame * frame)))
        return self._running(seen) if self.active else self._waiting(seen)

    def finish(self, limit: int) -> list[Signal]:
        """Whatever runs, or had just begun, ends at sample `limit` at the latest."""
        signals: list[Signal] = []
        if not self.active and self._onset:
            signals.append(self._starts())
        return [*signals, self._end(limit)] if self.active else []

    def _waiting(self, frame: _Frame) -> list[Signal]:
        self._frames.append(frame)
        if not frame.voiced:
            self._onset = 0
            self._frames.clear()
            return []
        self._onset += 1
        if self._onset * FRAME_SAMPLES < to_samples(self._options.start_ms):
            return []
        return [self._starts()]

    def _starts(self) -> Started:
        onset_at = self.position - self._onset * FRAME_SAMPLES
        start = max(self._floor, onset_at - to_samples(self._options.pre_roll_ms))
        self._begin(start, self.position)
        return Started(start)

    def _begin(self, start: int, speech_end: int) -> None:
        self._start, self._speech_end = start, speech_end
        self._paused, self._onset = False, 0

    def _running(self, frame: _Frame) -> list[Signal]:
        self._frames.append(frame)
        if frame.voiced:
            self._speech_end = frame.end
            if self._paused:
                self._paused = False
                return [Resumed()]
        quiet = frame.end - self._speech_end
        if self._options.ends_by_silence and quiet >= to_samples(self._options.hangover.usual_ms):
            return [self._end()]
        if quiet >= to_samples(self._options.pause_ms) and not self._paused:
            self._paused = True
            return [Paused(self._start or 0, self._padded_end(), self.speech)]
        if frame.end - (self._start or 0) >= to_samples(self._options.max_utterance_ms):
            return self._cut()
        return []

    def _padded_end(self) -> int:
        return min(self._speech_end + to_samples(self._options.tail_ms), self.position)

    def _end(self, limit: int | None = None) -> Ended:
        end = self._padded_end() if limit is None else min(self._padded_end(), limit)
        ended = Ended(self._start or 0, end, self.speech, min(self._speech_end, end))
        self._start, self._onset, self._floor = None, 0, ended.end
        self._frames.clear()
        return ended

    def _cut(self) -> list[Signal]:
        """A monologue: end at the quietest moment of the last seconds and go on from there."""
        start, frames = self._start or 0, list(self._frames)
        search_from = max(start, self.position - to_samples(self._options.cut_search_ms))
        late = [index for index, frame in enumerate(frames) if frame.end > search_from]
        quietest = min(late, key=lambda index: sum(f.energy for f in frames[max(0, index - 1) : index + 2]))
        cut = frames[quietest].end
        before, after = frames[: quietest + 1], frames[quietest + 1 :]
        spoken = FRAME_SAMPLES * sum(frame.voiced for frame in before)
        signals: list[Signal] = [Ended(start, cut, spoken, cut)]
        self._floor, self._start, self._onset = cut, None, 0
        self._frames = deque(after)
        if any(frame.voiced for frame in after):
            self._begin(cut, self._speech_end)
            signals.append(Started(cut))
        else:
            self._frames.clear()
        return signals
