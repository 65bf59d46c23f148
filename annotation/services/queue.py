"""Who corrects what, now: claim, heartbeat, release, skip, unusable, reopen.

A claim is a lease of AUSCULT_LEASE_S that the page renews. Every change of hands is one conditional
UPDATE whose row count is checked, so that two people never hold one segment, on SQLite or PostgreSQL.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import require_role, sites_for_user
from annotation.models import Draft, Segment, SegmentStatus, Skip, UnusableReason
from annotation.selectors.segments import EDITORS, held_segment
from annotation.services.calibrations import newest_hypothesis_adopt
from audit.services import entry_add
from base.errors import Conflict, DomainError

_MAX_TRIES = 50
_FREE = {"claimed_by": None, "lease_expires_at": None}


def segment_claim_next(*, user: User, site: Site | None = None) -> Segment | None:
    """The best segment for this person, leased to them; None when the queue has nothing for them.

    A segment that they hold already comes back first (a reload must not take another one), then the best
    open one, then the best one whose lease ran out. What they skipped is left out.
    """
    sites = list(sites_for_user(user, *EDITORS).values_list("pk", flat=True))
    if site is not None:
        sites = [pk for pk in sites if pk == site.pk]
    for _attempt in range(_MAX_TRIES):
        with transaction.atomic():
            # One claim of a person at a time, or a double click would lease two segments to them.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            best = held_segment(user, sites) or _best(user, sites)
            if best is None:
                return None
            unchanged = {"status": best.status, "lease_expires_at": best.lease_expires_at}
            if _take(user, best.pk, claimed_by=best.claimed_by_id, **unchanged):
                if best.claimed_by_id not in (None, user.pk):  # its lease ran out in other hands
                    newest_hypothesis_adopt(segment=best)
                return _loaded(best.pk)
    return None


def segment_claim(*, user: User, segment: Segment) -> Segment:
    """This very segment. A corrected one is handed out without a lease: its version protects it.

    Raises Forbidden; Conflict `held_by_other`, `not_ready` (no draft yet) or `unusable` (reopen it first).
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    now = timezone.now()
    for free in (
        {"status": SegmentStatus.OPEN},
        {"status": SegmentStatus.CLAIMED, "claimed_by": user},
        {"status": SegmentStatus.CLAIMED, "lease_expires_at__lt": now},
    ):
        if _take(user, segment.pk, **free):
            if "lease_expires_at__lt" in free:
                newest_hypothesis_adopt(segment=segment)
            return _loaded(segment.pk)
    current = _loaded(segment.pk)
    if current.status == SegmentStatus.DONE:
        return current
    raise _not_claimable(current)


def segment_heartbeat(*, user: User, segment: Segment) -> datetime:
    """Renews the lease, also one that ran out while nobody else came -> when it ends now.

    Raises Conflict `lease_lost`; what was typed stays in the draft.
    """
    if not _take(user, segment.pk, status=SegmentStatus.CLAIMED, claimed_by=user):
        message = _("Somebody else has taken this segment. What you typed is kept as a draft.")
        raise Conflict("lease_lost", message)
    return _lease_end()


def segment_release(*, user: User, segment: Segment) -> bool:
    """Gives it back to the queue; no harm when it is no longer theirs (a closing page may come late)."""
    with transaction.atomic():
        given_back = _hand_over(user, segment, SegmentStatus.OPEN)
        if given_back:
            newest_hypothesis_adopt(segment=segment)
    return given_back


def segment_skip(*, user: User, segment: Segment) -> None:
    """Not for me: it goes back to the queue, for the others. Nothing is said about the sound."""
    site = segment.recording.site
    require_role(user, *EDITORS, site=site)
    with transaction.atomic():
        Skip.objects.get_or_create(segment=segment, author=user)
        if _hand_over(user, segment, SegmentStatus.OPEN):
            newest_hypothesis_adopt(segment=segment)
        entry_add(actor=user, verb="segment_skipped", target=segment, site=site)


def skips_clear(*, user: User) -> int:
    """All that this person skipped comes back into their queue -> how many."""
    return Skip.objects.filter(author=user).delete()[0]


def segment_mark_unusable(*, user: User, segment: Segment, reason: str, note: str = "") -> None:
    """Nobody can use this sound: out of the queue and never training data, until somebody reopens it."""
    if reason not in UnusableReason.values:
        raise DomainError("unknown_reason", _("Say why the segment is unusable, with one of the reasons."))
    with transaction.atomic():
        if not _hand_over(user, segment, SegmentStatus.UNUSABLE, unusable_reason=reason):
            raise _not_claimable(_loaded(segment.pk))
        Draft.objects.filter(segment=segment, author=user).delete()
        entry_add(
            actor=user,
            verb="segment_marked_unusable",
            target=segment,
            site=segment.recording.site,
            reason=reason,
            note=note[:500],
        )


def segment_reopen(*, user: User, segment: Segment) -> None:
    """An unusable segment goes back to the queue."""
    site = segment.recording.site
    require_role(user, *EDITORS, site=site)
    with transaction.atomic():
        unusable = Segment.objects.filter(pk=segment.pk, status=SegmentStatus.UNUSABLE)
        if not unusable.update(status=SegmentStatus.OPEN, unusable_reason=""):
            raise Conflict("not_unusable", _("This segment is not marked as unusable."))
        entry_add(actor=user, verb="segment_reopened", target=segment, site=site)


def _best(user: User, sites: list[int]) -> Segment | None:
    """Open first, else a lease that ran out: two queries, because their OR would defeat the index.

    One query for each site, for the same reason: an index gives an order only within one site.
    """
    expired = {"status": SegmentStatus.CLAIMED, "lease_expires_at__lt": timezone.now()}
    for state in ({"status": SegmentStatus.OPEN}, expired):
        found = [one for site in sites for one in _queue_of(user, site).filter(**state)[:1]]
        if found:
            return min(found, key=lambda one: (-one.priority, one.pk))
    return None


def _queue_of(user: User, site: int) -> QuerySet[Segment]:
    return (
        Segment.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(site=site)
        .exclude(skips__author=user)
        .order_by("-priority", "id")
        .only("status", "priority", "claimed_by", "lease_expires_at")
    )


def _take(user: User, pk: int, **free: object) -> bool:
    """Leases the segment to `user` if it is still as `free` says."""
    taken = Segment.objects.filter(pk=pk, **free).update(
        status=SegmentStatus.CLAIMED, claimed_by=user, lease_expires_at=_lease_end()
    )
    return taken == 1


def _hand_over(user: User, segment: Segment, status: SegmentStatus, **fields: object) -> bool:
    """Out of this person's hands, if it is in them."""
    held = Segment.objects.filter(pk=segment.pk, status=SegmentStatus.CLAIMED, claimed_by=user)
    return held.update(status=status, **_FREE, **fields) == 1


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.AUSCULT_LEASE_S)


def _loaded(pk: int) -> Segment:
    return Segment.objects.select_related("recording__site", "hypothesis", "claimed_by").get(pk=pk)


def _not_claimable(segment: Segment) -> Conflict:
    if segment.status == SegmentStatus.WAITING:
        return Conflict("not_ready", _("This segment has no draft yet. Try again in a moment."))
    if segment.status == SegmentStatus.UNUSABLE:
        return Conflict("unusable", _("This segment is marked as unusable. Reopen it first."))
    if segment.status == SegmentStatus.DONE:
        return Conflict("already_corrected", _("This segment has been corrected meanwhile."))
    if segment.status == SegmentStatus.OPEN:
        return Conflict("not_held", _("You do not hold this segment any more. Open it again."))
    return Conflict("held_by_other", _("Somebody else is correcting this segment."))
