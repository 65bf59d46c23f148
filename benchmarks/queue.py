"""How fast the next segment is claimed with many in the queue.

Peer: the same claim from a queue in random order, as tools without a stored priority do it.
Run: `python -m benchmarks.queue [--quick]`
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

from benchmarks.database import scratch_database
from benchmarks.figures import Figure, emit

BAR_MS = 100.0
CLAIMS = 60


def median_ms(work: Callable[[], object], repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


def fill(segments: int):  # type: ignore[no-untyped-def]
    """One site, one expert, `segments` open segments with random priorities -> the expert."""
    from accounts.models import Membership, Role, Site, User
    from annotation.models import Recording, RecordingStatus, Segment, SegmentStatus

    site = Site.objects.create(name="bench", slug="bench")
    expert = User.objects.create(username="bench")
    Membership.objects.create(user=expert, site=site, role=Role.EXPERT)
    recording = Recording.objects.create(
        site=site, title="bench", original_sha256="0" * 64, status=RecordingStatus.DRAFTED
    )
    rng = random.Random(0)
    Segment.objects.bulk_create(
        (
            Segment(
                recording=recording,
                site=site,
                index=index,
                start_ms=index * 4000,
                end_ms=index * 4000 + 3500,
                status=SegmentStatus.OPEN,
                priority=rng.random(),
            )
            for index in range(segments)
        ),
        batch_size=5000,
    )
    return expert


def main(segments: int) -> None:
    with scratch_database():
        expert = fill(segments)
        from annotation.models import Segment, SegmentStatus
        from annotation.services.queue import segment_claim_next, segment_skip

        def claim() -> None:
            segment = segment_claim_next(user=expert)
            assert segment is not None
            segment_skip(user=expert, segment=segment)

        def random_order() -> None:
            segment = Segment.objects.filter(status=SegmentStatus.OPEN).order_by("?")[0]
            Segment.objects.filter(pk=segment.pk, status=SegmentStatus.OPEN).update(lease_expires_at=None)

        value, peer = median_ms(claim, CLAIMS), median_ms(random_order, 5)
        emit(
            Figure(
                "queue",
                f"claim_and_skip_at_{segments}_segments_p50",
                round(value, 2),
                "ms",
                "python -m benchmarks.queue",
                "random order",
                round(peer, 2),
                round(peer / value, 1),
                BAR_MS,
                value <= BAR_MS,
            )
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    main(50_000 if parser.parse_known_args()[0].quick else 1_000_000)
