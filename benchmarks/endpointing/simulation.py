"""A live session on a virtual clock: packets arrive when they have been spoken, answers after a delay."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from inference.streaming.events import Event, Final, FinalWanted, Heard, PartialWanted, Request
from inference.streaming.session import SessionOptions, StreamingSession
from speech.audio import SAMPLE_RATE_HZ
from speech.vad import StreamingVad

PACKET_MS = 100
BYTES_PER_MS = 32


@dataclass(frozen=True, slots=True)
class EngineDelay:
    """From the request to the answer, drawn log-normally: `p50_ms` and `p95_ms`, the same in every run."""

    p50_ms: float
    p95_ms: float

    def draw(self, rng: random.Random) -> float:
        return self.p50_ms * (self.p95_ms / self.p50_ms) ** (rng.gauss(0, 1) / 1.645)


@dataclass(slots=True)
class Outcome:
    """`finals`: each final text and the moment it came, ms from the beginning of the sound."""

    finals: list[tuple[Final, float]] = field(default_factory=list)
    decodes: int = 0


Hear = Callable[[Request], Heard]


def simulate(
    samples: np.ndarray, options: SessionOptions, hear: Hear, delay: EngineDelay, seed: int = 0
) -> Outcome:
    """`hear` answers at once; the clock makes it late. Partials are not decoded: they end no utterance."""
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    session, outcome = StreamingSession(StreamingVad(), options), Outcome()
    rng, order = random.Random(seed), count()
    due: list[tuple[float, int, Request]] = []

    def take(events: list[Event], now_ms: float) -> None:
        for event in events:
            if isinstance(event, FinalWanted | PartialWanted):
                outcome.decodes += isinstance(event, FinalWanted)
                heapq.heappush(due, (now_ms + delay.draw(rng), next(order), event))
            elif isinstance(event, Final):
                outcome.finals.append((event, now_ms))

    def answer_until(limit_ms: float) -> None:
        while due and due[0][0] <= limit_ms:
            now_ms, _, request = heapq.heappop(due)
            heard = hear(request) if isinstance(request, FinalWanted) else Heard("")
            take(session.result(request, heard), now_ms)

    step = PACKET_MS * BYTES_PER_MS
    for first in range(0, len(pcm), step):
        arrives_ms = (first + step) / BYTES_PER_MS
        answer_until(arrives_ms)
        take(session.feed(pcm[first : first + step]), arrives_ms)
    take(session.finish(), len(samples) * 1000 / SAMPLE_RATE_HZ)
    answer_until(float("inf"))
    return outcome
