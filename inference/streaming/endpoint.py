"""Where utterances begin and end: voice probabilities of frames in, signals out.

Positions are absolute samples. The result depends on the frames alone, never on how they arrived.
A pause is announced early (`Paused`), so that recognition runs while the hangover is still waited for;
what it hears decides how long that is (`expect`).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from inference.streaming.clock import to_samples
from inference.streaming.completeness import Ending
from inference.streaming.options import DEFAULT_ENDPOINT, EndpointOptions
from inference.streaming.signals import Ended, Paused, Resumed, Signal, Started

FRAME_SAMPLES = 512


class Vad(Protocol):
    """Voice probabilities, (frames,), of the next frames, (frames, 512) float32; keeps one stream's state."""

    def push_all(self, frames: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class _Frame:
    end: int
    voiced: bool
    energy: float


class Endpointer:
    def __init__(self, vad: Vad, options: EndpointOptions = DEFAULT_ENDPOINT, start: int = 0) -> None:
        self._vad = vad
        self._options = options
        self._hangover = _hangovers(options)
        self.position = start
        self.speech = 0  # voiced samples of the running utterance
        self._floor = start  # no utterance begins before the last one ended
        self._start: int | None = None  # None: waiting for a voice
        self._onset = 0  # voiced frames in a row while waiting
        self._speech_end = start
        self._paused = False
        self._ending = Ending.UNHEARD
        self._frames: deque[_Frame] = deque()  # of the running utterance

    @property
    def active(self) -> bool:
        return self._start is not None

    @property
    def start(self) -> int:
        """The earliest sample that an utterance may still ask for."""
        earliest = self.position - to_samples(self._options.pre_roll_ms + self._options.start_ms)
        return self._start if self._start is not None else max(self._floor, earliest - FRAME_SAMPLES)

    def push(self, frames: np.ndarray) -> Iterator[list[Signal]]:
        """`frames`: float32, (frames, 512) -> the signals of each, to be taken one by one."""
        energies = np.mean(frames * frames, axis=1).tolist()
        for probability, energy in zip(self._vad.push_all(frames).tolist(), energies, strict=True):
            yield self._push(probability, energy)

    def expect(self, ending: Ending) -> list[Signal]:
        """What was said before the pause looks like this: wait accordingly, or no longer."""
        if not self._paused:
            return []
        self._ending = ending
        return [self._end()] if self._is_over() else []

    def finish(self, limit: int) -> list[Signal]:
        """Whatever runs, or had just begun, ends at sample `limit` at the latest."""
        signals: list[Signal] = []
        if not self.active and self._onset and limit > self._floor:
            signals.append(self._starts())
        return [*signals, self._end(limit)] if self.active else []

    def quietest(self, first: int, last: int) -> int:
        """The end of the quietest frame of the running utterance whose end lies in `first`..`last`."""
        frames = list(self._frames)
        near = [index for index, frame in enumerate(frames) if first <= frame.end <= last]
        if not near:
            return first
        quietest = min(near, key=lambda at: sum(f.energy for f in frames[max(0, at - 1) : at + 2]))
        return frames[quietest].end

    def _push(self, probability: float, energy: float) -> list[Signal]:
        self.position += FRAME_SAMPLES
        bar = self._options.release_threshold if self.active and not self._paused else self._options.threshold
        seen = _Frame(self.position, probability >= bar, energy)
        return self._running(seen) if self.active else self._waiting(seen)

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
        self.speech = FRAME_SAMPLES * sum(frame.voiced for frame in self._frames)
        self._paused, self._onset, self._ending = False, 0, Ending.UNHEARD

    def _running(self, frame: _Frame) -> list[Signal]:
        self._frames.append(frame)
        if frame.voiced:
            self._speech_end = frame.end
            self.speech += FRAME_SAMPLES
            if self._paused:
                self._paused, self._ending = False, Ending.UNHEARD
                return [Resumed()]
        if self._is_over():
            return [self._end()]
        if self._quiet() >= to_samples(self._options.pause_ms) and not self._paused:
            self._paused = True
            return [Paused(self._start or 0, self._padded_end(), self.speech)]
        if frame.end - (self._start or 0) >= to_samples(self._options.max_utterance_ms):
            return [self._end()] if self._paused else self._cut()
        return []

    def _quiet(self) -> int:
        return self.position - self._speech_end

    def _is_over(self) -> bool:
        return self._options.ends_by_silence and self._quiet() >= self._hangover[self._ending]

    def _padded_end(self) -> int:
        return min(self._speech_end + to_samples(self._options.tail_ms), self.position)

    def _end(self, limit: int | None = None) -> Ended:
        end = self._padded_end()
        if limit is not None:  # a voice that is still there has spoken to the very last sample
            end = min(end, limit) if self._quiet() else limit
        ended = Ended(self._start or 0, end, self.speech, min(self._speech_end, end))
        self._start, self._onset, self._paused, self._floor, self.speech = None, 0, False, ended.end, 0
        self._frames.clear()
        return ended

    def _cut(self) -> list[Signal]:
        """A monologue: end at the quietest moment of the last seconds and go on from there."""
        start = self._start or 0
        search_from = self.position - to_samples(self._options.cut_search_ms)
        cut = self.quietest(max(start, search_from) + 1, self.position)
        kept = sum(frame.end <= cut for frame in self._frames)
        spoken = FRAME_SAMPLES * sum(frame.voiced for frame in islice(self._frames, kept))
        signals: list[Signal] = [Ended(start, cut, spoken, cut)]
        self._frames = deque(islice(self._frames, kept, None))
        self._floor, self._start, self._onset = cut, None, 0
        if any(frame.voiced for frame in self._frames):
            self._begin(cut, self._speech_end)
            signals.append(Started(cut))
        else:
            self._frames.clear()
        return signals


def _hangovers(options: EndpointOptions) -> dict[Ending, int]:
    hangover = options.hangover
    return {
        Ending.COMPLETE: to_samples(hangover.complete_ms),
        Ending.PLAIN: to_samples(hangover.plain_ms),
        Ending.UNHEARD: to_samples(hangover.unheard_ms),
        Ending.UNFINISHED: to_samples(hangover.unfinished_ms),
    }
