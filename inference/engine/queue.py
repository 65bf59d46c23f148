"""Which jobs wait, and which of them are decoded together next. Pure: no thread, no clock, no model.

Finals before partials; among equals the session that was served longest ago; one partial per session, the
latest wins; a partial that waited too long is dropped, because a newer one will come.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from speech.recognizer import DecodeOptions
from speech.types import Hypothesis

LENGTH_BUCKETS_S = (2.0, 4.0, 8.0, 16.0)
SAMPLE_RATE_HZ = 16_000


class Lane(StrEnum):
    FINAL = "final"
    PARTIAL = "partial"
    BATCH = "batch"


class SupersededError(Exception):
    """A newer request of the same session took this partial's place, or it waited too long."""


class QueueFullError(Exception):
    """Too many jobs wait; try again shortly."""


@dataclass(slots=True, eq=False)
class Job:
    audio: np.ndarray
    model: str
    options: DecodeOptions
    lane: Lane
    session: str
    queued_at_s: float
    future: "Future[tuple[Hypothesis, float, float]]" = field(default_factory=Future)

    @property
    def group(self) -> tuple[str, DecodeOptions, int]:
        """Jobs of one group can share a batch without paying for each other's padding."""
        length_s = len(self.audio) / SAMPLE_RATE_HZ
        return self.model, self.options, sum(length_s > edge for edge in LENGTH_BUCKETS_S)


class FairQueue:
    def __init__(self, max_queued: int = 128, max_batch: int = 8, stale_s: float = 2.0) -> None:
        self._max_queued = max_queued
        self._max_batch = max_batch
        self._stale_s = stale_s
        self._jobs: list[Job] = []
        self._served: dict[str, int] = {}
        self._turn = 0

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def oldest_s(self) -> float | None:
        return min((job.queued_at_s for job in self._jobs), default=None)

    def put(self, job: Job) -> None:
        """Raises QueueFullError; a queued partial of the same session gives way."""
        for older in [j for j in self._jobs if j.session == job.session and j.lane is Lane.PARTIAL]:
            self._drop(older)
        if len(self._jobs) >= self._max_queued:
            raise QueueFullError
        self._jobs.append(job)

    def take(self, now_s: float) -> list[Job]:
        """The next batch: the first job by right and those of its group; empty when none waits."""
        self._forget_dead(now_s)
        if not self._jobs:
            return []
        ordered = sorted(self._jobs, key=self._rank)
        batch = [job for job in ordered if job.group == ordered[0].group][: self._max_batch]
        self._turn += 1
        for job in batch:
            self._jobs.remove(job)
            self._served[job.session] = self._turn
        if len(self._served) > 10_000:
            self._served = {job.session: self._served.get(job.session, 0) for job in self._jobs}
        return [job for job in batch if job.future.set_running_or_notify_cancel()]

    def clear(self) -> None:
        for job in list(self._jobs):
            self._drop(job)

    def _rank(self, job: Job) -> tuple[bool, int, float]:
        return job.lane is Lane.PARTIAL, self._served.get(job.session, 0), job.queued_at_s

    def _forget_dead(self, now_s: float) -> None:
        for job in list(self._jobs):
            stale = job.lane is Lane.PARTIAL and now_s - job.queued_at_s > self._stale_s
            if stale or job.future.cancelled():
                self._drop(job)

    def _drop(self, job: Job) -> None:
        self._jobs.remove(job)
        if not job.future.cancelled():
            job.future.set_exception(SupersededError())
