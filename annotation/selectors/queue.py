"""The order of the queue as one person sees it. Each query stays in one site: `segment_queue` needs that."""

import math

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import Site, User
from accounts.selectors import sites_for_user
from annotation.models import Segment, SegmentStatus, Skip
from annotation.selectors.segments import EDITORS


def open_queue(user: User, site: int | OuterRef) -> QuerySet[Segment]:
    """What one site has open for this person, the best first: not skipped, not reserved for somebody else."""
    return _unskipped(user).filter(not_of_others(user), site=site, status=SegmentStatus.OPEN)  # type: ignore[misc]


def not_of_others(user: User) -> Q:
    """Not reserved, or for this very person."""
    return Q(reserved_until=None) | Q(reserved_until__lt=timezone.now()) | Q(reserved_for=user)


def abandoned_segment(user: User, site: int) -> Segment | None:
    """The best of a site whose lease ran out. Leases are few: one for each person at work."""
    expired = {"status": SegmentStatus.CLAIMED, "lease_expires_at__lt": timezone.now()}
    return _unskipped(user).filter(site=site, **expired).first()


def sites_by_best(user: User, site: Site | None = None) -> list[int]:
    """Keys of the sites where this person corrects, the one with the best open segment first."""
    sites = sites_for_user(user, *EDITORS)
    if site is not None:
        sites = sites.filter(pk=site.pk)
    keys = list(sites.order_by().values_list("pk", flat=True))
    if len(keys) < 2:  # the usual case
        return keys
    best = open_queue(user, OuterRef("pk")).values("priority")[:1]
    found = sites.order_by().annotate(best=Subquery(best)).values_list("pk", "best")
    by_best = sorted(found, key=lambda row: -math.inf if row[1] is None else row[1], reverse=True)
    return [pk for pk, _ in by_best]


def next_segments(user: User, most: int) -> list[Segment]:
    """What the queue would give this person next, if they were alone."""
    heads = [one for site in sites_by_best(user) for one in open_queue(user, site)[:most]]
    return sorted(heads, key=lambda one: (-one.priority, one.pk))[:most]


def reserved_segments(user: User) -> QuerySet[Segment]:
    """What is kept for this person, so that their browser can fetch it ahead."""
    held = Segment.objects.filter(reserved_for=user, status=SegmentStatus.OPEN)
    return held.filter(reserved_until__gt=timezone.now()).order_by("-priority", "id")


def _unskipped(user: User) -> QuerySet[Segment]:
    skipped = Exists(Skip.objects.filter(segment=OuterRef("pk"), author=user))
    return Segment.objects.filter(~skipped).order_by("-priority", "id")
