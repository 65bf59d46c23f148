"""Segments as a person may see them, and what stands around one."""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from annotation.models import Label, Segment, SegmentStatus

# Who may hear and correct.
EDITORS = (Role.EXPERT, Role.REVIEWER)


@dataclass(frozen=True, slots=True)
class SegmentContext:
    """What is said before and after, "" at either end of the recording."""

    previous: str
    next: str


def segments_for_user(user: User, *roles: Role) -> QuerySet[Segment]:
    """Segments of the sites where the person has one of `roles` (an editor's role when none is named)."""
    return Segment.objects.filter(site__in=sites_for_user(user, *(roles or EDITORS))).select_related(
        "recording__site", "hypothesis", "claimed_by"
    )


def held_segment(user: User, sites: list[int]) -> Segment | None:
    """What this person holds already; an expired lease counts as long as nobody else took it."""
    return (
        Segment.objects.filter(claimed_by=user, status=SegmentStatus.CLAIMED, site__in=sites)
        .order_by("-lease_expires_at")
        .first()
    )


def segment_context(segment: Segment) -> SegmentContext:
    """Text of the neighbours: the newest label, else the draft of the model."""
    newest = Label.objects.filter(segment=OuterRef("pk")).order_by("-version").values("text")[:1]
    rows = (
        Segment.objects.filter(
            recording_id=segment.recording_id, index__in=[segment.index - 1, segment.index + 1]
        )
        .annotate(label_text=Subquery(newest))
        .values_list("index", "label_text", "hypothesis__text")
    )
    texts = {index: label if label is not None else draft or "" for index, label, draft in rows}
    return SegmentContext(texts.get(segment.index - 1, ""), texts.get(segment.index + 1, ""))


def uncorrected_segments(site: Site | None = None) -> QuerySet[Segment]:
    """Segments that a new model may draft again. Those in hand get it when they come back uncorrected."""
    segments = Segment.objects.uncorrected().select_related("recording").order_by("recording_id", "index")
    return segments if site is None else segments.filter(site=site)
