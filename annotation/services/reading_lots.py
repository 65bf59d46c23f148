"""Which labels are read a second time, and whose turn it is: lots that depend on keys alone.

Nothing is drawn when a row is read, so a reload, a second process or another database gives the same answer.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Q

from accounts.models import User
from annotation.models import Label, Reading, ReadingPurpose, ReadingStatus
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


@dataclass(frozen=True, slots=True)
class Turn:
    """`due`: the kinds of blind reading whose turn it is; `holds`: whether one is in hand already."""

    due: list[ReadingPurpose]
    holds: bool


def turn_of(*, user: User) -> Turn:
    """Whose turn it is, after what the person has written since the last reading of each kind.

    The gap between two is drawn evenly from 0 to twice the mean: nobody can count on the next one. Asked
    with every claim: two short queries.
    """
    last: dict[str, tuple[datetime, int]] = {}
    held = 0
    for purpose, at, newest, in_hand in (
        Reading.objects.filter(reader=user)
        .order_by()
        .values_list("purpose")
        .annotate(Max("served_at"), Max("pk"), held=Count("pk", filter=Q(status=ReadingStatus.CLAIMED)))
    ):
        last[purpose] = (at, newest)
        held += in_hand
    gaps = {purpose: _gap(user, purpose, last.get(purpose, (None, 0))[1]) for purpose in _shares()}
    written = list(
        Label.objects.filter(author=user)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[: max(gaps.values(), default=0) + 1]
        if gaps
        else ()
    )
    due = []
    for purpose, gap in gaps.items():
        since = last.get(purpose, (None, 0))[0]
        if sum(since is None or at > since for at in written) > gap:
            due.append(purpose)
    return Turn(due, held > 0)


def _gap(user: User, purpose: ReadingPurpose, newest: int) -> int:
    """Labels that lie between the last reading of the kind and the next."""
    return min(int(2 * lot(f"{user.pk}/{purpose}/{newest}") / _shares()[purpose]), _MOST_GAP - 1)


def _shares() -> dict[ReadingPurpose, float]:
    """Of what a person is served, where it is any. Doubted labels take no more room than those by lot."""
    shares = {
        ReadingPurpose.GOLD: settings.AUSCULT_GOLD_SHARE,
        ReadingPurpose.DOUBLE: settings.AUSCULT_DOUBLE_SHARE,
        ReadingPurpose.DOUBT: settings.AUSCULT_DOUBLE_SHARE,
    }
    return {purpose: share for purpose, share in shares.items() if share > 0}
