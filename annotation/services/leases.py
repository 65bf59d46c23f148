"""Holding a segment: the lease and its end, and what is kept for a person so that it can be fetched ahead."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from annotation.models import Segment, SegmentStatus, Skip
from annotation.selectors.queue import next_segments, not_of_others, reserved_segments
from annotation.services.calibrations import newest_hypothesis_adopt
from base.errors import Conflict

AHEAD = 3
LEAVE_S = 20  # time for the page to come back: whoever reloads leaves, too
_FREE = {"claimed_by": None, "lease_expires_at": None}
_UNRESERVED = {"reserved_for": None, "reserved_until": None}

# In SQL, because it must find, lock, change and return in one go: on PostgreSQL rows that other claims have
# locked are passed over, on SQLite the statement is alone anyway. `segment_queue` is the index it walks.
_LEASE_BEST = """
UPDATE {segments} SET status = %(claimed)s, claimed_by_id = %(user)s, lease_expires_at = %(until)s,
    reserved_for_id = NULL, reserved_until = NULL
WHERE id = (
    SELECT id FROM {segments} AS head
    WHERE site_id = %(site)s AND status = %(open)s
      AND NOT EXISTS (SELECT 1 FROM {skips} WHERE segment_id = head.id AND author_id = %(user)s)
      AND {unreserved}
    ORDER BY priority DESC, id LIMIT 1 {lock}
)
AND NOT EXISTS (
    SELECT 1 FROM {segments} WHERE claimed_by_id = %(user)s AND status = %(claimed)s AND site_id IN ({sites})
)
RETURNING *
"""
_NOT_OTHERS = "(reserved_until IS NULL OR reserved_until < %(now)s OR reserved_for_id = %(user)s)"


def lease_end() -> datetime:
    """Whole milliseconds: it goes to the browser and comes back as JSON, and must still be the same."""
    end = timezone.now() + timedelta(seconds=settings.AUSCULT_LEASE_S)
    return end.replace(microsecond=end.microsecond // 1000 * 1000)


def segment_lease_best(
    *, user: User, site: int, sites: Sequence[int], of_others: bool = False
) -> Segment | None:
    """The best open segment of the site, theirs now; `of_others`: also what is reserved for somebody else.

    None where there is none, and for a person who holds one already at one of their `sites`.
    """
    statement = _LEASE_BEST.format(
        segments=Segment._meta.db_table,
        skips=Skip._meta.db_table,
        sites=", ".join(map(str, sites)),
        unreserved="TRUE" if of_others else _NOT_OTHERS,
        lock="FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else "",
    )
    stored = connection.ops.adapt_datetimefield_value
    values = {
        "claimed": SegmentStatus.CLAIMED.value,
        "open": SegmentStatus.OPEN.value,
        "user": user.pk,
        "site": site,
        "until": stored(lease_end()),
        "now": stored(timezone.now()),
    }
    return next(iter(Segment.objects.raw(statement, values)), None)


def lease_take(user: User, pk: int, **free: object) -> datetime | None:
    """Leases the segment to `user` if it is still as `free` says -> the end of the lease."""
    until = lease_end()
    taken = Segment.objects.filter(pk=pk, **free).update(
        status=SegmentStatus.CLAIMED, claimed_by=user, lease_expires_at=until, **_UNRESERVED
    )
    return until if taken == 1 else None


def hand_over(user: User, segment: Segment, status: SegmentStatus, **fields: object) -> bool:
    """Out of this person's hands, if it is in them."""
    held = Segment.objects.filter(pk=segment.pk, status=SegmentStatus.CLAIMED, claimed_by=user)
    return held.update(status=status, **_FREE, **fields) == 1


def segment_heartbeat(*, user: User, segment: Segment) -> datetime:
    """Renews the lease, also one that ran out while nobody else came -> when it ends now.

    Raises Conflict `lease_lost`; what was typed stays in the draft.
    """
    until = lease_take(user, segment.pk, status=SegmentStatus.CLAIMED, claimed_by=user)
    # A heartbeat that comes late must not bring back what they have skipped meanwhile.
    if until is None and not Skip.objects.filter(segment=segment, author=user).exists():
        until = lease_take(user, segment.pk, status=SegmentStatus.OPEN)
    if until is not None:
        leases_end(site=segment.site)
        return until
    message = _("Somebody else has taken this segment. What you typed is kept as a draft.")
    raise Conflict("lease_lost", message)


def leases_end(*, site: Site, most: int = 50) -> int:
    """Segments whose holder is gone go back into the queue -> how many. Whoever is at work calls this."""
    expired = {"status": SegmentStatus.CLAIMED, "lease_expires_at__lt": timezone.now()}
    ended = 0
    for segment in Segment.objects.filter(site=site, **expired)[:most]:
        back = Segment.objects.filter(pk=segment.pk, **expired)
        if back.update(status=SegmentStatus.OPEN, **_FREE):
            newest_hypothesis_adopt(segment=segment)
            ended += 1
    return ended


def segments_reserve(*, user: User) -> list[Segment]:
    """The next few, kept for this person as long as a lease lasts, so that the page can fetch them ahead.

    Not claimed: a better segment that comes in goes first, and where nothing else is left others get these.
    """
    wanted = [segment.pk for segment in next_segments(user, AHEAD)]
    still_free = Segment.objects.filter(not_of_others(user), pk__in=wanted, status=SegmentStatus.OPEN)
    still_free.update(reserved_for=user, reserved_until=lease_end())
    return list(reserved_segments(user)[:AHEAD])


def segment_leave(*, user: User, segment: Segment, lease: datetime) -> bool:
    """The page was closed: the segment is free soon, what was reserved is free now.

    `lease` is the end of the lease that the page knows. A reload has renewed it already when this arrives,
    and then nothing happens.
    """
    held = Segment.objects.filter(pk=segment.pk, status=SegmentStatus.CLAIMED, claimed_by=user)
    soon = timezone.now() + timedelta(seconds=LEAVE_S)
    if not held.filter(lease_expires_at=lease).update(lease_expires_at=soon):
        return False
    reservations_drop(user=user)
    return True


def reservations_drop(*, user: User) -> int:
    return Segment.objects.filter(reserved_for=user).update(**_UNRESERVED)
