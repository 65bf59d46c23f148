"""Words that were put right in many drafts: what a page opens with, and where a wrong word still waits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from accounts.models import User
from accounts.selectors import sites_for_user
from annotation.models import Segment, SegmentStatus, WordFix
from annotation.selectors.segments import EDITORS
from annotation.texts.fixes import fixed, places

LOOKED_THROUGH = 5_000  # open segments, those that come next first: the queue's own index finds them
SHOWN = 100
AROUND = 16  # characters of context on either side


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The first place of the wrong word in one open draft."""

    segment: Segment
    before: str
    match: str
    after: str


def word_fixes_for_user(user: User) -> QuerySet[WordFix]:
    """Newest first, each with how many segments it names: `.segment_count`."""
    sites = sites_for_user(user, *EDITORS)
    return (
        WordFix.objects.filter(site__in=sites)
        .select_related("site", "author")
        .annotate(segment_count=Count("segments"))
        .order_by("-id")
    )


def fixes_of(segments: Iterable[Segment]) -> dict[int, list[WordFix]]:
    """The fixes in force, in the order in which they were made, by the segment's primary key."""
    found: dict[int, list[WordFix]] = defaultdict(list)
    named = WordFix.segments.through.objects.filter(
        segment__in=[segment.pk for segment in segments], wordfix__undone_at=None
    )
    for row in named.select_related("wordfix__author").order_by("wordfix_id"):
        found[row.segment_id].append(row.wordfix)
    return found


def drafted_text(segment: Segment, fixes: Iterable[WordFix]) -> str:
    """What the model heard, with the fixes of this segment."""
    heard = segment.hypothesis.text if segment.hypothesis else ""
    return fixed(heard, [(fix.wrong, fix.right) for fix in fixes])


def occurrences(segment: Segment, wrong: str) -> list[Occurrence]:
    """Where else at the site the word waits in the open queue, the next to be served first.

    Bounded: LOOKED_THROUGH segments are searched, SHOWN are given. Segments that a person has written in
    are left out, because their page opens with that text.
    """
    queue = (
        Segment.objects.filter(site=segment.site_id, status=SegmentStatus.OPEN)
        .order_by("-priority", "id")
        .values("pk")[:LOOKED_THROUGH]
    )
    hits = list(
        Segment.objects.filter(pk__in=queue, version=0, hypothesis__text__icontains=wrong)
        .exclude(pk=segment.pk)
        .select_related("hypothesis", "recording")
        .order_by("-priority", "id")[: 2 * SHOWN]
    )
    fixes = fixes_of(hits)
    found = (_first_place(hit, drafted_text(hit, fixes[hit.pk]), wrong) for hit in hits)
    return [one for one in found if one][:SHOWN]


def _first_place(segment: Segment, text: str, wrong: str) -> Occurrence | None:
    place = next(iter(places(text, wrong)), None)
    if place is None:
        return None
    return Occurrence(
        segment,
        text[max(0, place.start - AROUND) : place.start],
        text[place.start : place.end],
        text[place.end : place.end + AROUND],
    )
