"""Reads shaped for one page each. Permission is not decided here: callers pass rows that a person may see."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.selectors import sites_for_user
from annotation.models import Recording, Segment, SegmentStatus
from annotation.selectors.labels import draft_of, newest_label
from annotation.selectors.segments import EDITORS


def with_progress(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """Each recording with how many of its segments are dealt with: `.segment_count`, `.done_count`."""
    return recordings.select_related("site").annotate(
        segment_count=Count("segments"),
        done_count=Count(
            "segments", filter=Q(segments__status__in=[SegmentStatus.DONE, SegmentStatus.UNUSABLE])
        ),
    )


def likely_next(user: User) -> Segment | None:
    """What the queue would give this person now. No claim: somebody else may still be given it.

    One query for each site, because the index gives an order only within one.
    """
    heads = [
        Segment.objects.filter(site=site, status=SegmentStatus.OPEN)
        .exclude(skips__author=user)
        .order_by("-priority", "id")
        .first()
        for site in sites_for_user(user, *EDITORS)
    ]
    return min(filter(None, heads), key=lambda one: (-one.priority, one.pk), default=None)


@dataclass(frozen=True, slots=True)
class Editable:
    """What the text field opens with, and the version that it started from."""

    text: str
    version: int
    active_edit_ms: int


def editable_text(segment: Segment, user: User) -> Editable:
    """The person's own draft, else the newest label, else what the model heard.

    A draft keeps the version it started from: if somebody saved meanwhile, confirming it is a conflict.
    """
    draft = draft_of(segment, user)
    if draft:
        return Editable(draft.text, draft.base_version, draft.active_edit_ms)
    label = newest_label(segment)
    if label:
        return Editable(label.text, segment.version, 0)
    return Editable(segment.hypothesis.text if segment.hypothesis else "", segment.version, 0)
