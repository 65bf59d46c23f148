"""The figures of one database. Started by `python -m benchmarks.queue`, in a process of its own."""

import os
import sys
import time
from collections.abc import Sequence

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit
from benchmarks.queue.load import THINK_S, Shift, all_at_once, experts_at_work, import_running, percentiles

EXPERTS = 50
CLAIM_BAR_MS, SERVER_BAR_MS, HTTP_BAR_MS = 10.0, 1.0, 40.0
PUBLISHED = {
    "label_studio": "SQLite: more than 10 s to load a task during an import (its storedata.md)",
    "common_voice": "ORDER BY RAND(): 2.98 s on average over seven days (its db.ts)",
}
COMMAND = "python -m benchmarks.queue"


def main(database: str, quick: bool) -> None:
    # Second readings are served twice on purpose, and nothing is lost by it: not what is counted here.
    os.environ |= {"AUSCULT_DOUBLE_SHARE": "0", "AUSCULT_GOLD_SHARE": "0"}
    segments, seconds = (100_000, 15.0) if quick else (1_000_000, 60.0)
    with scratch_database(database):
        from benchmarks.queue.edge import pages_under_load
        from benchmarks.queue.fill import fill
        from benchmarks.queue.random_order import random_claim_ms
        from benchmarks.queue.server import server_ms

        started = time.perf_counter()
        filled = fill(segments, EXPERTS)
        load = {
            "database": database,
            "segments": segments,
            "experts": EXPERTS,
            "think_s": THINK_S,
            "cores": os.cpu_count(),
            "fill_s": round(time.perf_counter() - started, 1),
        }
        users, sites = [one.pk for one in filled.experts], [one.pk for one in filled.sites]
        with import_running(sites) as imported:
            _wait_for_the_first(imported)
            before, began = imported(), time.perf_counter()
            shifts = experts_at_work(users, seconds)
            load["import_rows_per_s"] = round((imported() - before) / (time.perf_counter() - began))
            load["machine_load"] = round(os.getloadavg()[0], 1)
            _claims(shifts, load, random_claim_ms(filled.experts[0]))
            _counts(shifts, segments, load)
            edge = pages_under_load(filled.experts, seconds)
        for request, values in edge.items():
            _emit("next_item_http_p95_ms", percentiles(values), HTTP_BAR_MS, load | {"request": request})
        burst = percentiles(all_at_once(users, 3 if quick else 10))
        _emit("next_item_all_at_once_p95_ms", burst, None, load)
        if (spent := server_ms(filled.experts[1])) is not None:
            emit(_figure("next_item_server_ms", spent, SERVER_BAR_MS, load))


def _wait_for_the_first(imported) -> None:  # type: ignore[no-untyped-def]
    while not imported():
        time.sleep(0.1)


def _claims(shifts: Sequence[Shift], load: dict, random_ms: float) -> None:
    found = percentiles([ms for shift in shifts for ms in shift.claim_ms])
    peer = {"peer": "random order", "peer_value": round(random_ms, 1)}
    _emit("next_item_p95_ms", found, CLAIM_BAR_MS, load | {"published": PUBLISHED}, **peer)


def _counts(shifts: Sequence[Shift], segments: int, load: dict) -> None:  # type: ignore[type-arg]
    """Nobody gets what another has; and everything there was is still there, in one state or another."""
    from annotation.models import Label, Recording, Segment, SegmentStatus

    served = [pk for shift in shifts for pk in shift.served]
    emit(_figure("duplicates_served", len(served) - len(set(served)), 0, load, unit="segments"))
    submitted = {pk for shift in shifts for pk in shift.submitted}
    in_hand = {shift.served[-1] for shift in shifts if shift.served} - submitted
    old = Segment.objects.filter(recording__in=Recording.objects.exclude(title="import"))
    lost = segments - old.count()
    lost += len(submitted) - Label.objects.filter(segment__in=submitted).values("segment").distinct().count()
    lost += len(in_hand) - Segment.objects.filter(pk__in=in_hand, status=SegmentStatus.CLAIMED).count()
    lost += segments - len(set(served)) - old.filter(status=SegmentStatus.OPEN).count()
    lost += _not_back_after_their_laptops_closed(in_hand)
    emit(_figure("items_lost", lost, 0, load, unit="segments"))


def _not_back_after_their_laptops_closed(in_hand: set[int]) -> int:
    """Every lease runs out; one colleague at each site is at work -> how many did not come back."""
    from datetime import timedelta

    from django.utils import timezone

    from accounts.models import Site
    from annotation.models import Segment, SegmentStatus
    from annotation.services.leases import leases_end

    Segment.objects.filter(pk__in=in_hand).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    for site in Site.objects.all():
        leases_end(site=site)
    return len(in_hand) - Segment.objects.filter(pk__in=in_hand, status=SegmentStatus.OPEN).count()


def _emit(name: str, found: dict, bar: float | None, load: dict, **peer) -> None:  # type: ignore[no-untyped-def]
    emit(_figure(name, found["p95"], bar, load | {"p50": found["p50"], "p99": found["p99"]}, **peer))


def _figure(name: str, value: float, bar: float | None, load: dict, unit: str = "ms", **peer) -> Figure:  # type: ignore[no-untyped-def]
    ratio = round(peer["peer_value"] / value, 1) if peer else None
    holds = None if bar is None else value <= bar
    return Figure("queue", name, value, unit, COMMAND, **peer, ratio=ratio, bar=bar, holds=holds, more=load)


if __name__ == "__main__":
    main(sys.argv[1], "--quick" in sys.argv)
