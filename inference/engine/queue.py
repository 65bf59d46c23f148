"""Which jobs wait, and which of them are decoded together next. Pure: no thread, no clock, no model.

Finals before partials before batch work; among equals the session that was served longest ago; one partial
per session, the latest wins; a partial that waited too long is dropped, because a newer one will come.
Batch work that waited long stands in line with the partials, so that it ends even on a busy day; all of it
together is one party in that line: each file is a new session, and would go before everybody who speaks.
"""

from collections.abc import Hashable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

import numpy as np

from speech.recognizer import DecodeOptions
from speech.types import Hypothesis

LENGTH_BUCKETS_S = (2.0, 4.0, 8.0, 16.0)
SAMPLE_RATE_HZ = 16_000
SESSIONS_REMEMBERED = 10_000


class Lane(StrEnum):
    FINAL = "final"
    PARTIAL = "partial"
    BATCH = "batch"  # files and drafts: nobody waits with a finger on the screen


class SupersededError(Exception):
    """A newer request of the same session took this partial's place, or it waited too long (`reason`)."""

    def __init__(self, reason: str = "superseded") -> None:
        super().__init__(reason)
        self.reason = reason


class QueueFullError(Exception):
    """Too many jobs wait; try again shortly."""


@dataclass(slots=True, eq=False)
class Job:
    audio: np.ndarray  # float32 (samples,)
    model: str
    options: DecodeOptions
    lane: Lane
    session: str
    queued_at_s: float
    adapter: str = ""
    together: Hashable = None  # what of the options a batch must have in common; None: all of them
    future: "Future[tuple[Hypothesis, float, float]]" = field(default_factory=Future)

    @property
    def duration_s(self) -> float:
        return len(self.audio) / SAMPLE_RATE_HZ

    @property
    def group(self) -> tuple[Hashable, ...]:
        """Jobs of one group can share a batch without paying for each other's padding, prompts or adapters.

        Batch work never fills up a batch that somebody waits for.
        """
        bucket = sum(self.duration_s > edge for edge in LENGTH_BUCKETS_S)
        together = self.options if self.together is None else self.together
        return self.model, self.adapter, together, self.lane is Lane.BATCH, bucket


@dataclass(frozen=True, slots=True)
class QueueOptions:
    max_queued: int = 128  # of each lane
    max_batch: int = 8  # rows
    max_batch_s: float = 60.0  # of sound with its padding; one row always goes
    max_batch_lane_s: float = 10.0  # the same for batch work while somebody speaks: a batch cannot be stopped
    speaking_s: float = 15.0  # so long after the last live job somebody is taken to speak
    stale_s: float = 2.0  # a partial older than this is not worth decoding
    patience_s: float = 20.0  # after which batch work counts as much as a partial


class FairQueue:
    def __init__(self, options: QueueOptions = QueueOptions()) -> None:
        self._options = options
        self._jobs: list[Job] = []
        self._served: dict[str, int] = {}
        self._turn = 0
        self._batch_turn = 0  # when batch work was served last
        self._live_at_s = -inf  # when the last live job came

    def __len__(self) -> int:
        return len(self._jobs)

    def waiting(self, lane: Lane) -> int:
        return sum(job.lane is lane for job in self._jobs)

    @property
    def max_batch(self) -> int:
        return self._options.max_batch

    @property
    def oldest_s(self) -> float | None:
        return min((job.queued_at_s for job in self._jobs), default=None)

    def put(self, job: Job) -> None:
        """Raises QueueFullError; a queued partial of the same session gives way."""
        if job.lane is not Lane.BATCH:
            self._live_at_s = job.queued_at_s
            for older in [j for j in self._jobs if j.session == job.session and j.lane is Lane.PARTIAL]:
                self._drop(older)
        if self.waiting(job.lane) >= self._options.max_queued:
            raise QueueFullError
        self._jobs.append(job)

    def take(self, now_s: float) -> list[Job]:
        """The next batch: the first job by right and those of its group; empty when none waits."""
        self._forget_dead(now_s)
        if not self._jobs:
            return []
        ordered = sorted(self._jobs, key=lambda job: self._rank(job, now_s))
        most_s = self._most_s(ordered[0].lane, now_s)
        batch = self._fitting([job for job in ordered if job.group == ordered[0].group], most_s)
        self._turn += 1
        if batch[0].lane is Lane.BATCH:
            self._batch_turn = self._turn
        for job in batch:
            self._jobs.remove(job)
            self._served[job.session] = self._turn
        if len(self._served) > SESSIONS_REMEMBERED:
            self._served = {job.session: self._served.get(job.session, 0) for job in self._jobs}
        return [job for job in batch if job.future.set_running_or_notify_cancel()]

    def clear(self) -> None:
        for job in list(self._jobs):
            self._drop(job, "stopped")

    def _most_s(self, lane: Lane, now_s: float) -> float:
        if lane is Lane.BATCH and now_s - self._live_at_s < self._options.speaking_s:
            return min(self._options.max_batch_s, self._options.max_batch_lane_s)
        return self._options.max_batch_s

    def _fitting(self, jobs: list[Job], most_s: float) -> list[Job]:
        """As many from the front as rows and seconds allow: every row costs as much as the longest."""
        longest_s, count = 0.0, 0
        for job in jobs[: self._options.max_batch]:
            longest_s = max(longest_s, job.duration_s)
            if count and (count + 1) * longest_s > most_s:
                break
            count += 1
        return jobs[:count]

    def _rank(self, job: Job, now_s: float) -> tuple[int, int, int, float]:
        urgency = {Lane.FINAL: 0, Lane.PARTIAL: 1, Lane.BATCH: 2}[job.lane]
        if job.lane is Lane.BATCH and now_s - job.queued_at_s > self._options.patience_s:
            urgency = 1
        own = self._served.get(job.session, 0)
        party = self._batch_turn if job.lane is Lane.BATCH else own
        return urgency, party, own, job.queued_at_s

    def _forget_dead(self, now_s: float) -> None:
        for job in list(self._jobs):
            stale = job.lane is Lane.PARTIAL and now_s - job.queued_at_s > self._options.stale_s
            if stale or job.future.cancelled():
                self._drop(job, "stale")

    def _drop(self, job: Job, reason: str = "superseded") -> None:
        self._jobs.remove(job)
        with suppress(InvalidStateError):  # its asker may go away at any time, in another thread
            job.future.set_exception(SupersededError(reason))
