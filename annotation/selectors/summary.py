"""The queue in figures, for the home page and the head of the correction page."""

import time
from typing import TypedDict

from django.core.cache import cache
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import User
from accounts.selectors import sites_for_user
from annotation.models import Label, Reading, Segment, SegmentStatus, Skip
from annotation.selectors.segments import EDITORS

IN_THE_QUEUE = (SegmentStatus.OPEN, SegmentStatus.CLAIMED)
WORTH_KEEPING_S = 0.02
KEPT_FOR = 100  # times as long as it took


class Today(TypedDict):
    """What one person has done since midnight."""

    my_active_ms_today: int
    my_errors_removed_today: int
    my_labels_today: int


class QueueSummary(Today):
    """`open` counts what is left for this person, their own segment in hand included."""

    open: int
    done: int
    skipped: int
    expected_seconds_left: float


def today_of(user: User) -> Today:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Label.objects.filter(author=user, created_at__gte=midnight).aggregate(
        active_ms=Sum("active_edit_ms"), errors=Sum("errors_removed"), labels=Count("pk")
    )
    # A blind reading counts like a first correction, or its reader would see that it was one.
    blind = Reading.objects.filter(reader=user, done_at__gte=midnight).aggregate(
        active_ms=Sum("active_edit_ms"), errors=Sum("errors_removed"), labels=Count("pk")
    )
    return {
        "my_active_ms_today": (today["active_ms"] or 0) + (blind["active_ms"] or 0),
        "my_errors_removed_today": (today["errors"] or 0) + (blind["errors"] or 0),
        "my_labels_today": today["labels"] + blind["labels"],
    }


def queue_summary(user: User) -> QueueSummary:
    """For the home page. What concerns the person is exact; of a big site see `site_counts`."""
    sites = sites_for_user(user, *EDITORS).values_list("pk", flat=True)
    counts = [site_counts(site) for site in sites]
    left = [one[status] for one in counts for status in IN_THE_QUEUE if status in one]
    # A skip of a segment that somebody corrected meanwhile is no loss any more.
    skipped = Skip.objects.filter(author=user, segment__status=SegmentStatus.OPEN).aggregate(
        count=Count("pk"), seconds=Sum("segment__expected_seconds")
    )
    return {
        "open": max(0, sum(count for count, _ in left) - skipped["count"]),
        "done": sum(one[SegmentStatus.DONE][0] for one in counts if SegmentStatus.DONE in one),
        "skipped": skipped["count"],
        "expected_seconds_left": max(0.0, sum(seconds for _, seconds in left) - (skipped["seconds"] or 0.0)),
        **today_of(user),
    }


def site_counts(site: int) -> dict[str, tuple[int, float]]:
    """By status: how many segments, and the seconds that experts will need for them.

    Counting a million takes a third of a second. So a count is kept KEPT_FOR times as long as it took (half
    a minute then), and one that took less than WORTH_KEEPING_S not at all: there the page is exact.
    """
    key = f"annotation.site_counts.{site}"
    if (kept := cache.get(key)) is not None:
        return kept
    started_s = time.perf_counter()
    rows = Segment.objects.filter(site=site).order_by().values_list("status")
    counts = {
        status: (count, seconds or 0.0)
        for status, count, seconds in rows.annotate(Count("pk"), Sum("expected_seconds"))
    }
    took_s = time.perf_counter() - started_s
    if took_s > WORTH_KEEPING_S:
        cache.set(key, counts, timeout=KEPT_FOR * took_s)
    return counts
