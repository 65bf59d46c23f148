"""Fifty experts at work, in processes of their own, each in a thread with a connection of its own.

An expert takes the next segment, thinks, confirms it, and takes the next. The time to think is drawn with
a mean of THINK_S: what hearing the segment once takes. The fifty ask as often as hundreds would who type.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import django

THINK_S = 5.0
WARM_UP_S = 8.0  # each connects and asks once, as a process does that has been up for a while
PROCESSES = 3
WORKER_NICE = 10
SPAWN = get_context("spawn")
_ready: Any = None  # the barrier, in each process


@dataclass(frozen=True, slots=True)
class Shift:
    """What one expert did: the milliseconds that each claim took, and which segments they were given."""

    user: int
    claim_ms: list[float] = field(default_factory=list)
    served: list[int] = field(default_factory=list)
    submitted: list[int] = field(default_factory=list)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"p{percent}": round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
        for percent in (50, 95, 99)
    }


def experts_at_work(users: Sequence[int], seconds: float) -> list[Shift]:
    """All of them for so long -> their shifts."""
    return _in_processes(_shift, users, seconds)


def all_at_once(users: Sequence[int], rounds: int) -> list[float]:
    """Every expert asks at the same moment -> the milliseconds that each waited."""
    return [ms for waited in _in_processes(_rounds, users, rounds) for ms in waited]


def _in_processes(work: Callable, users: Sequence[int], much: float) -> list:  # type: ignore[type-arg]
    """`work(user, much, start)` for each, begun together once every process is up."""
    ready = SPAWN.Barrier(PROCESSES)
    shares = [(work, list(users[n::PROCESSES]), much) for n in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=SPAWN, initializer=_prepare, initargs=(ready,)) as pool:
        return [result for results in pool.map(_share, shares) for result in results]


def _prepare(ready) -> None:  # type: ignore[no-untyped-def]
    global _ready
    _ready = ready
    django.setup()
    from annotation.services import labels, queue  # noqa: F401  loaded before anything is measured


def _share(share: tuple[Callable, list[int], float]) -> list:  # type: ignore[type-arg]
    work, users, much = share
    _ready.wait(300)
    start = time.time() + WARM_UP_S
    with ThreadPoolExecutor(len(users)) as pool:
        return list(pool.map(lambda user: work(user, much, start), users))


@contextmanager
def import_running(sites: Sequence[int]) -> Iterator[Callable[[], int]]:
    """A worker that adds recordings with drafted segments all the time -> asks it how many so far."""
    stop, count = SPAWN.Event(), SPAWN.Value("q", 0)
    worker = SPAWN.Process(target=_import, args=(list(sites), stop, count))
    worker.start()
    try:
        yield lambda: count.value
    finally:
        stop.set()
        worker.join(60)


def _shift(pk: int, seconds: float, start: float) -> Shift:
    from django.db import connection

    from accounts.models import User
    from annotation.services.labels import label_submit
    from annotation.services.queue import segment_claim_next

    rng, shift, end = random.Random(pk), Shift(pk), start + seconds
    user = User.objects.get(pk=pk)
    _ask_once(user)
    time.sleep(max(0.0, start - time.time()) + rng.random() * THINK_S)
    while time.time() < end:
        begun = time.perf_counter()
        held = segment_claim_next(user=user)
        shift.claim_ms.append((time.perf_counter() - begun) * 1000)
        assert held is not None
        shift.served.append(held.pk)
        time.sleep(rng.expovariate(1 / THINK_S))
        if time.time() < end:  # the last one stays in hand
            label_submit(user=user, segment=held, text="病人服用 metformin", version=0, active_edit_ms=2000)
            shift.submitted.append(held.pk)
    connection.close()
    return shift


def _ask_once(user) -> None:  # type: ignore[no-untyped-def]
    from annotation.services.queue import segment_claim_next, segment_release

    if segment := segment_claim_next(user=user):
        segment_release(user=user, segment=segment)


def _rounds(pk: int, rounds: float, start: float) -> list[float]:
    from django.db import connection

    from accounts.models import User
    from annotation.services.queue import segment_claim_next, segment_release

    user, waited = User.objects.get(pk=pk), []
    _ask_once(user)
    for number in range(int(rounds)):
        time.sleep(max(0.0, start + 2 * number - time.time()))
        begun = time.perf_counter()
        segment = segment_claim_next(user=user)
        waited.append((time.perf_counter() - begun) * 1000)
        assert segment is not None
        time.sleep(0.5)
        segment_release(user=user, segment=segment)
    connection.close()
    return waited


def _import(sites: list[int], stop, count) -> None:  # type: ignore[no-untyped-def]
    """What the worker writes for a recording of 100 segments: the row, the segments, then their drafts.

    As the Procfile starts it: with a lower priority than what a person waits for.
    """
    os.nice(WORKER_NICE)
    django.setup()
    from accounts.models import Site
    from benchmarks.queue.imported import recording_of_a_hundred

    places = list(Site.objects.filter(pk__in=sites))
    while not stop.is_set():
        count.value += recording_of_a_hundred(random.choice(places))
