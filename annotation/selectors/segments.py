"""Segments as a person may see them, and what stands around one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from annotation.models import Label, Segment, SegmentStatus

# Who may hear and correct.
EDITORS = (Role.EXPERT, Role.REVIEWER)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The segment before or after, with its newest label, else the draft of the model."""

    uuid: UUID
    text: str
    status: str


@dataclass(frozen=True, slots=True)
class SegmentContext:
    """What is said before and after, None at either end of the recording."""

    previous: Neighbour | None
    next: Neighbour | None


def segments_for_user(user: User, *roles: Role) -> QuerySet[Segment]:
    """Segments of the sites where the person has one of `roles` (an editor's role when none is named)."""
    return Segment.objects.filter(site__in=sites_for_user(user, *(roles or EDITORS))).select_related(
        "recording__site", "hypothesis", "claimed_by"
    )


def held_segment(user: User, sites: Sequence[int]) -> Segment | None:
    """What this person holds already; an expired lease counts as long as nobody else took it."""
    return (
        Segment.objects.filter(claimed_by=user, status=SegmentStatus.CLAIMED, site__in=sites)
        .order_by("-lease_expires_at")
        .first()
    )


def neighbour(segment: Segment, side: str) -> Segment | None:
    """The segment "previous" or "next" in time."""
    before = side == "previous"
    others = Segment.objects.current().filter(recording=segment.recording_id).exclude(pk=segment.pk)
    side_of = {"start_ms__lt": segment.start_ms} if before else {"start_ms__gt": segment.start_ms}
    return others.filter(**side_of).order_by("-start_ms" if before else "start_ms").first()


def segment_context(segment: Segment) -> SegmentContext:
    newest = Label.objects.filter(segment=OuterRef("pk")).order_by("-version").values("text")[:1]
    around = {side: neighbour(segment, side) for side in ("previous", "next")}
    rows = (
        Segment.objects.filter(pk__in=[one.pk for one in around.values() if one])
        .annotate(label_text=Subquery(newest))
        .values_list("pk", "uuid", "status", "label_text", "hypothesis__text")
    )
    found = {
        pk: Neighbour(uuid, label if label is not None else draft or "", status)
        for pk, uuid, status, label, draft in rows
    }
    return SegmentContext(*(found[one.pk] if one else None for one in around.values()))


def uncorrected_segments(site: Site | None = None) -> QuerySet[Segment]:
    """Segments that a new model may draft again. Those in hand get it when they come back uncorrected."""
    segments = Segment.objects.uncorrected().select_related("recording").order_by("recording_id", "start_ms")
    return segments if site is None else segments.filter(site=site)
