"""Which labels are read a second time, and whose turn it is: lots that depend on keys alone.

Nothing is drawn when a row is read, so a reload, a second process or another database gives the same answer.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Max

from accounts.models import User
from annotation.models import Label, Reading, ReadingPurpose
from annotation.texts.lots import lot

_MOST_GAP = 200  # labels: bounds the look back for small shares


def double_reading_draw(*, label: Label) -> Reading | None:
    """Called with every new label: a share of them, by a lot on the uuid, waits for a second reader.

    A segment is read twice at most, and a text without a draft cannot be served as it was first seen.
    """
    if lot(str(label.uuid)) >= settings.AUSCULT_DOUBLE_SHARE or label.hypothesis_id is None:
        return None
    if Reading.objects.filter(segment=label.segment_id).exists():
        return None
    return Reading.objects.create(
        segment=label.segment,
        site_id=label.segment.site_id,
        purpose=ReadingPurpose.DOUBLE,
        label=label,
        hypothesis=label.hypothesis,
    )


def purposes_due(*, user: User) -> list[ReadingPurpose]:
    """The kinds of reading whose turn it is, after what the person has written since the last of each.

    The gap between two is drawn evenly from 0 to twice the mean: nobody can count on the next one.
    """
    shares = {purpose: share for purpose, share in _shares().items() if share > 0}
    last: dict[str, tuple[datetime, int]] = {
        purpose: (at, newest)
        for purpose, at, newest in Reading.objects.filter(reader=user, purpose__in=shares)
        .order_by()
        .values_list("purpose")
        .annotate(Max("served_at"), Max("pk"))
    }
    written = list(
        Label.objects.filter(author=user)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:_MOST_GAP]
    )
    due = []
    for purpose, share in shares.items():
        since, newest = last.get(purpose, (None, 0))
        count = sum(since is None or at > since for at in written)
        gap = min(2 * lot(f"{user.pk}/{purpose}/{newest}") / share, _MOST_GAP - 1)
        if count > gap:
            due.append(purpose)
    return due


def _shares() -> dict[ReadingPurpose, float]:
    """Of what a person is served. Doubted labels take no more room than those drawn by lot."""
    return {
        ReadingPurpose.GOLD: settings.AUSCULT_GOLD_SHARE,
        ReadingPurpose.DOUBLE: settings.AUSCULT_DOUBLE_SHARE,
        ReadingPurpose.DOUBT: settings.AUSCULT_DOUBLE_SHARE,
    }
