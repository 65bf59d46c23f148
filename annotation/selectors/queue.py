"""The queue in figures, for the home page and the head of the correction page."""

from typing import TypedDict

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import User
from accounts.selectors import sites_for_user
from annotation.models import Label, Segment, SegmentStatus, Skip
from annotation.selectors.segments import EDITORS


class QueueSummary(TypedDict):
    """`open` counts what is left for this person, their own segment in hand included."""

    open: int
    done: int
    skipped: int
    expected_seconds_left: float
    my_active_ms_today: int
    my_errors_removed_today: int
    my_labels_today: int


def queue_summary(user: User) -> QueueSummary:
    by_status = {
        status: (count, seconds or 0.0)
        for status, count, seconds in Segment.objects.filter(site__in=sites_for_user(user, *EDITORS))
        .order_by()
        .values_list("status")
        .annotate(Count("pk"), Sum("expected_seconds"))
    }
    left = [by_status.get(status, (0, 0.0)) for status in (SegmentStatus.OPEN, SegmentStatus.CLAIMED)]
    # A skip of a segment that somebody corrected meanwhile is no loss any more.
    skipped = Skip.objects.filter(author=user, segment__status=SegmentStatus.OPEN).aggregate(
        count=Count("pk"), seconds=Sum("segment__expected_seconds")
    )
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Label.objects.filter(author=user, created_at__gte=midnight).aggregate(
        active_ms=Sum("active_edit_ms"), errors=Sum("errors_removed"), labels=Count("pk")
    )
    return {
        "open": sum(count for count, _ in left) - skipped["count"],
        "done": by_status.get(SegmentStatus.DONE, (0, 0.0))[0],
        "skipped": skipped["count"],
        "expected_seconds_left": max(0.0, sum(seconds for _, seconds in left) - (skipped["seconds"] or 0.0)),
        "my_active_ms_today": today["active_ms"] or 0,
        "my_errors_removed_today": today["errors"] or 0,
        "my_labels_today": today["labels"],
    }
