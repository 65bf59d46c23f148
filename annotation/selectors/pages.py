"""Reads shaped for one page each. Permission is not decided here: callers pass rows that a person may see."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from annotation.models import Label, LabelMode, Recording, Segment, SegmentStatus
from annotation.selectors.fixes import drafted_text, fixes_of
from annotation.selectors.labels import draft_of


def with_progress(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """Each recording with how many of its segments are dealt with: `.segment_count`, `.done_count`.

    Counted for the rows of the page alone: a join would group every segment there is first.
    """
    done = [SegmentStatus.DONE, SegmentStatus.UNUSABLE]
    return recordings.select_related("site").annotate(
        segment_count=_segments(), done_count=_segments(status__in=done)
    )


def _segments(**which: object) -> Coalesce:
    own = Segment.objects.current().filter(recording=OuterRef("pk"), **which).order_by()
    counted = own.values("recording").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@dataclass(frozen=True, slots=True)
class Editable:
    """What the text field opens with, and the version and text that it started from."""

    text: str
    version: int
    active_edit_ms: int
    base_text: str
    stamp: str  # of the draft; "" without one
    phi: list[dict[str, Any]] = field(default_factory=list)


def editable_text(segment: Segment, user: User, newest: Label | None, mode: str = LabelMode.EDIT) -> Editable:
    """The person's own draft, else the newest label, else what the model heard with the fixes in force.

    What is to be typed anew opens empty; the page shows the model's text above the field.

    A draft keeps the version it started from: if somebody saved meanwhile, confirming it is a conflict.
    """
    draft = draft_of(segment, user)
    if draft:
        return Editable(
            draft.text, draft.base_version, draft.active_edit_ms, draft.base_text, draft.stamp, draft.phi
        )
    if newest:
        return Editable(newest.text, segment.version, 0, newest.text, "", newest.phi)
    text = "" if mode == LabelMode.RETYPE else drafted_text(segment, fixes_of([segment])[segment.pk])
    return Editable(text, segment.version, 0, text, "")
