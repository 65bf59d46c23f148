"""Blind readings: what a person holds, what may be served to them, and how such a segment looks to them."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from annotation.models import GoldItem, Label, Reading, ReadingStatus, Recording, Segment, SegmentStatus, Skip

IN_HAND = (ReadingStatus.CLAIMED, ReadingStatus.LAPSED)


def held_reading(user: User, sites: list[int]) -> Reading | None:
    """What this person reads now; an expired lease counts as long as nobody else took it."""
    return _whole().filter(reader=user, status=ReadingStatus.CLAIMED, site__in=sites).first()


def reading_in_hand(user: User, segment: Segment) -> Reading | None:
    """This person's unfinished reading of this segment, also one that somebody else has been given since."""
    return _of(user, segment, *IN_HAND)


def reading_given(user: User, segment: Segment) -> Reading | None:
    """What this person has made of this segment without knowing its text, once it is submitted."""
    return _of(user, segment, ReadingStatus.DONE)


def reading_of(user: User, segment: Segment) -> Reading | None:
    """This person's reading of this segment, unfinished or submitted."""
    return _of(user, segment, *IN_HAND, ReadingStatus.DONE)


def may_be_read_by(user: User, segment: str) -> QuerySet[Segment]:
    """Corrected segments (`segment` leads to them from the outer row) that this person does not know.

    They have written no version of the text, have not read it blind, and have not passed it over.
    """
    return (
        Segment.objects.filter(pk=OuterRef(segment), status=SegmentStatus.DONE)
        .exclude(Exists(Label.objects.filter(segment=OuterRef("pk"), author=user)))
        .exclude(Exists(Reading.objects.filter(segment=OuterRef("pk"), reader=user)))
        .exclude(Exists(Skip.objects.filter(segment=OuterRef("pk"), author=user)))
    )


def gold_for(user: User, sites: list[int]) -> GoldItem | None:
    """In the order of the uuid, which is an order by lot; nobody is served their own declaration."""
    return (
        GoldItem.objects.filter(Exists(may_be_read_by(user, "segment")), site__in=sites, retired_at=None)
        .exclude(declared_by=user)
        .order_by("uuid")
        .first()
    )


def as_first_seen(reading: Reading) -> Segment:
    """The segment as it was before anybody corrected it, in this person's hands. Not to be saved."""
    segment = reading.segment
    segment.status = SegmentStatus.CLAIMED
    segment.claimed_by = reading.reader
    segment.lease_expires_at = reading.lease_expires_at
    segment.version = 0
    segment.hypothesis = reading.hypothesis
    return segment


def blind_segments(user: User, recording: Recording) -> dict[int, Reading]:
    """By segment, what this person reads blind just now: no page shows them the text meanwhile."""
    rows = _whole().filter(reader=user, status__in=IN_HAND, segment__recording=recording)
    return {row.segment_id: row for row in rows}


def _of(user: User, segment: Segment, *statuses: ReadingStatus) -> Reading | None:
    own = Reading.objects.filter(reader=user, segment=segment, status__in=statuses)
    # Asked with every request of the page, and hardly ever there: the long row is read only if it is.
    return _whole().filter(pk__in=own).first() if own.exists() else None


def _whole() -> QuerySet[Reading]:
    return Reading.objects.select_related("segment__recording__site", "hypothesis", "reader", "label")
