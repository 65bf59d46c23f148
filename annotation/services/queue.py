"""Who corrects what, now: claim, release, skip, unusable, reopen. The lease itself: `services/leases.py`.

A claim is a lease of AUSCULT_LEASE_S that the page renews. Every change of hands is one conditional
UPDATE whose row count is checked, so that two people never hold one segment, on SQLite or PostgreSQL.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import require_role
from annotation.models import Draft, Segment, SegmentStatus, Skip, UnusableReason
from annotation.selectors.queue import abandoned_segment, sites_by_best
from annotation.selectors.segments import EDITORS, held_segment
from annotation.services.calibrations import newest_hypothesis_adopt
from annotation.services.leases import hand_over, lease_take, reservations_drop, segment_lease_best
from annotation.services.readings import reading_claim_next
from audit.services import entry_add
from base.errors import Conflict, DomainError


def segment_claim_next(*, user: User, site: Site | None = None) -> Segment | None:
    """The best segment for this person, leased to them; None when the queue has nothing for them.

    A segment that they hold already comes back first (a reload must not take another one), then the best
    open one (last those that are reserved for others), then the best one whose lease ran out. What they
    skipped is left out.
    """
    sites = sites_by_best(user, site)
    if blind := reading_claim_next(user=user, sites=sites):  # a second reading, hidden among the rest
        return blind
    with transaction.atomic():
        _one_claim_at_a_time(user)
        return (
            _take_open(user, sites)
            or _keep_held(user, sites)
            or _take_open(user, sites, of_others=True)
            or _take_abandoned(user, sites)
        )


def segment_claim(*, user: User, segment: Segment) -> Segment:
    """This very segment. A corrected one is handed out without a lease: its version protects it.

    Raises Forbidden; Conflict `held_by_other`, `not_ready` (no draft yet) or `unusable` (reopen it first).
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    if segment.claimed_by_id == user.pk and (until := lease_take(user, segment.pk, **_held_by(user))):
        segment.lease_expires_at = until  # the usual case: the queue has led here
        return segment
    abandoned = {"status": SegmentStatus.CLAIMED, "lease_expires_at__lt": timezone.now()}
    for free in ({"status": SegmentStatus.OPEN}, _held_by(user), abandoned):
        if lease_take(user, segment.pk, **free):
            if free is abandoned:
                newest_hypothesis_adopt(segment=segment)
            return _loaded(segment.pk)
    current = _loaded(segment.pk)
    if current.status == SegmentStatus.DONE:
        return current
    raise _not_claimable(current)


def segment_release(*, user: User, segment: Segment) -> bool:
    """Gives it back to the queue; no harm when it is no longer theirs (a closing page may come late)."""
    with transaction.atomic():
        given_back = hand_over(user, segment, SegmentStatus.OPEN)
        if given_back:
            newest_hypothesis_adopt(segment=segment)
            reservations_drop(user=user)
    return given_back


def segment_skip(*, user: User, segment: Segment) -> None:
    """Not for me: it goes back to the queue, for the others. Nothing is said about the sound."""
    site = segment.recording.site
    require_role(user, *EDITORS, site=site)
    with transaction.atomic():
        Skip.objects.get_or_create(segment=segment, author=user)
        if hand_over(user, segment, SegmentStatus.OPEN):
            newest_hypothesis_adopt(segment=segment)
        entry_add(actor=user, verb="segment_skipped", target=segment, site=site)


def lease_is_over(segment: Segment) -> bool:
    return segment.lease_expires_at is not None and segment.lease_expires_at < timezone.now()


def skips_clear(*, user: User) -> int:
    """All that this person skipped comes back into their queue -> how many."""
    return Skip.objects.filter(author=user).delete()[0]


def segment_mark_unusable(*, user: User, segment: Segment, reason: str, note: str = "") -> None:
    """Nobody can use this sound: out of the queue and never training data, until somebody reopens it."""
    if reason not in UnusableReason.values:
        raise DomainError("unknown_reason", _("Say why the segment is unusable, with one of the reasons."))
    with transaction.atomic():
        if not hand_over(user, segment, SegmentStatus.UNUSABLE, unusable_reason=reason):
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


def _one_claim_at_a_time(user: User) -> None:
    """Or a double click would lease two segments. SQLite has one writer at a time anyway."""
    if connection.features.has_select_for_update:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {User._meta.db_table} WHERE id = %s FOR NO KEY UPDATE", [user.pk])


def _keep_held(user: User, sites: Sequence[int]) -> Segment | None:
    held = held_segment(user, sites)
    if held and (until := lease_take(user, held.pk, claimed_by=user)):
        held.lease_expires_at = until
    return held


def _take_open(user: User, sites: Sequence[int], of_others: bool = False) -> Segment | None:
    """None for who holds one. `sites` come with the best first; the next count where that one is empty."""
    leased = (segment_lease_best(user=user, site=site, sites=sites, of_others=of_others) for site in sites)
    return next(filter(None, leased), None)


def _take_abandoned(user: User, sites: Sequence[int]) -> Segment | None:
    """The best segment whose lease ran out in other hands, with what was heard of it since."""
    found = [one for site in sites if (one := abandoned_segment(user, site))]
    for one in sorted(found, key=lambda one: (-one.priority, one.pk)):
        as_found = {"status": SegmentStatus.CLAIMED, "lease_expires_at": one.lease_expires_at}
        if lease_take(user, one.pk, **as_found):
            newest_hypothesis_adopt(segment=one)
            return _loaded(one.pk)
    return None


def _held_by(user: User) -> dict[str, object]:
    return {"status": SegmentStatus.CLAIMED, "claimed_by": user}


def _loaded(pk: int) -> Segment:
    return Segment.objects.select_related("recording__site", "hypothesis", "claimed_by").get(pk=pk)


def _not_claimable(segment: Segment) -> Conflict:
    if segment.status == SegmentStatus.WAITING:
        return Conflict("not_ready", _("This segment has no draft yet. Try again in a moment."))
    if segment.status == SegmentStatus.REPLACED:
        return Conflict("replaced", _("This segment has been split or joined: open its new parts."))
    if segment.status == SegmentStatus.UNUSABLE:
        return Conflict("unusable", _("This segment is marked as unusable. Reopen it first."))
    if segment.status == SegmentStatus.DONE:
        return Conflict("already_corrected", _("This segment has been corrected meanwhile."))
    if segment.status == SegmentStatus.OPEN:
        return Conflict("not_held", _("You do not hold this segment any more. Open it again."))
    return Conflict("held_by_other", _("Somebody else is correcting this segment."))
