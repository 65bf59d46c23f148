"""The peer: a queue without a stored order, as tools have it that draw by `ORDER BY random()`."""

import statistics
import time

from django.db import transaction

from accounts.models import User
from annotation.models import Segment, SegmentStatus

TIMES = 5


def random_claim_ms(user: User) -> float:
    """Median of a few claims by one person; nothing is kept of them."""
    return statistics.median(_once(user) for _ in range(TIMES))


def _once(user: User) -> float:
    begun = time.perf_counter()
    with transaction.atomic():
        drawn = Segment.objects.filter(site__memberships__user=user, status=SegmentStatus.OPEN).order_by("?")
        pk = drawn.values_list("pk", flat=True)[0]
        Segment.objects.filter(pk=pk, status=SegmentStatus.OPEN).update(status=SegmentStatus.CLAIMED)
        transaction.set_rollback(True)
    return (time.perf_counter() - begun) * 1000
