"""A blind reading in somebody's hands: claim, heartbeat, release, skip.

Hidden among the ordinary segments of the queue: to its reader it is a first correction like any other. What
is submitted (`reading_results`) never changes the label.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import Reading, ReadingPurpose, ReadingStatus, Segment, Skip
from annotation.selectors.readings import IN_HAND, as_first_seen, gold_for, held_reading, may_be_read_by
from annotation.selectors.segments import EDITORS, held_segment
from annotation.services.reading_lots import turn_of
from audit.services import entry_add
from base.errors import Conflict

# Where nothing waits for who has a turn, nobody looks again with every claim: it costs seven queries.
LOOKED_FOR_S = 60


def reading_claim_next(*, user: User, sites: list[int]) -> Segment | None:
    """The segment of a blind reading, as it was first seen, when it is this person's turn for one; else None.

    `sites` are keys of sites where they correct. One that they hold already comes back first, as with
    segments; who has a segment in hand gets none.
    """
    looked = f"no-blind-reading:{user.pk}"
    if cache.get(looked):
        return None
    turn = turn_of(user=user)
    if not turn.due and not turn.holds:
        return None
    with transaction.atomic():
        # The same lock as for a claim in the queue: one claim of a person at a time.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        held = held_reading(user, sites)
        if held is None and held_segment(user, sites) is not None:
            return None
        held = held or next(filter(None, (_claim(user, sites, purpose) for purpose in turn.due)), None)
        if held is None:
            cache.set(looked, True, LOOKED_FOR_S)
            return None
        held.lease_expires_at = reading_heartbeat(user=user, reading=held)
        return as_first_seen(held)


def reading_heartbeat(*, user: User, reading: Reading) -> datetime:
    """Renews the lease, also one that ran out: nobody can take a reading away from its reader -> its end."""
    end = timezone.now() + timedelta(seconds=settings.AUSCULT_LEASE_S)
    mine = Reading.objects.filter(pk=reading.pk, reader=user, status__in=IN_HAND)
    if not mine.update(status=ReadingStatus.CLAIMED, lease_expires_at=end):
        message = _("You do not hold this segment any more. What you typed is kept as a draft.")
        raise Conflict("lease_lost", message)
    return end


def reading_release(*, user: User, reading: Reading) -> None:
    """Not now: it waits for whoever comes. A gold item is served anew some day."""
    mine = Reading.objects.filter(pk=reading.pk, reader=user, status__in=IN_HAND)
    if reading.purpose == ReadingPurpose.GOLD:
        mine.delete()
    else:
        mine.update(status=ReadingStatus.OPEN, reader=None, served_at=None, lease_expires_at=None)


def reading_skip(*, user: User, reading: Reading) -> None:
    """Not for me: others get it. In the audit like any skipped segment."""
    segment = reading.segment
    require_role(user, *EDITORS, site=segment.recording.site)
    with transaction.atomic():
        Skip.objects.get_or_create(segment=segment, author=user)
        reading_release(user=user, reading=reading)
        entry_add(actor=user, verb="segment_skipped", target=segment, site=segment.recording.site)


def _claim(user: User, sites: list[int], purpose: ReadingPurpose) -> Reading | None:
    if purpose == ReadingPurpose.GOLD:
        return _claim_gold(user, sites)
    return _claim_open(user, sites, purpose) or _claim_lapsed(user, sites, purpose)


def _claim_gold(user: User, sites: list[int]) -> Reading | None:
    item = gold_for(user, sites)
    if item is None:
        return None
    made = _add(user, ReadingPurpose.GOLD, item.segment, gold=item, hypothesis=item.hypothesis)
    return _loaded(made.pk)


def _claim_open(user: User, sites: list[int], purpose: ReadingPurpose) -> Reading | None:
    """Oldest first. Nobody waits for a row that somebody else is just taking."""
    waiting = _waiting(user, sites, purpose).filter(status=ReadingStatus.OPEN).order_by("id").first()
    if waiting is None:
        return None
    taken = Reading.objects.filter(pk=waiting.pk, status=ReadingStatus.OPEN)
    return _loaded(waiting.pk) if taken.update(**_in_hands_of(user)) else None


def _claim_lapsed(user: User, sites: list[int], purpose: ReadingPurpose) -> Reading | None:
    """Its reader has gone: a row of one's own, and theirs is kept for what they may still submit."""
    expired = {"status": ReadingStatus.CLAIMED, "lease_expires_at__lt": timezone.now()}
    left = _waiting(user, sites, purpose).filter(**expired).order_by("id").first()
    if left is None or not Reading.objects.filter(pk=left.pk, **expired).update(status=ReadingStatus.LAPSED):
        return None
    return _loaded(_add(user, purpose, left.segment, label=left.label, hypothesis=left.hypothesis).pk)


def _waiting(user: User, sites: list[int], purpose: ReadingPurpose) -> QuerySet[Reading]:
    return Reading.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        Exists(may_be_read_by(user, "segment")), site__in=sites, purpose=purpose
    )


def _add(user: User, purpose: ReadingPurpose, segment: Segment, **fields: object) -> Reading:
    return Reading.objects.create(
        segment=segment, site_id=segment.site_id, purpose=purpose, **fields, **_in_hands_of(user)
    )


def _in_hands_of(user: User) -> dict[str, object]:
    now = timezone.now()
    return {
        "status": ReadingStatus.CLAIMED,
        "reader": user,
        "served_at": now,
        "lease_expires_at": now + timedelta(seconds=settings.AUSCULT_LEASE_S),
    }


def _loaded(pk: int) -> Reading:
    whole = ("segment__recording__site", "hypothesis", "reader", "label")
    return Reading.objects.select_related(*whole).get(pk=pk)
