"""What waits for a reviewer: pairs that lie too far apart, labels that the model contradicts.

Nobody is shown what they wrote themselves, and nothing that was overtaken by a newer version.
"""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from accounts.models import Role, User
from accounts.selectors import sites_for_user
from annotation.models import DoubtState, GoldItem, LabelDoubt, Reading, SegmentStatus, Verdict
from annotation.texts.differences import Piece, pieces
from annotation.texts.lots import lot


@dataclass(frozen=True, slots=True)
class Sides:
    """Two texts that lie side by side; `reading_first` says in which order."""

    left: str
    right: str
    reading_first: bool = False

    @property
    def pieces(self) -> list[Piece]:
        return pieces(self.left, self.right)


def disputes_for_user(user: User) -> QuerySet[Reading]:
    """Oldest first."""
    return (
        Reading.objects.filter(
            site__in=sites_for_user(user, Role.REVIEWER),
            verdict=Verdict.DISPUTED,
            segment__status=SegmentStatus.DONE,
            label__version=F("segment__version"),
        )
        .exclude(reader=user)
        .exclude(label__author=user)
        .select_related("segment__recording__site", "label", "hypothesis")
        .order_by("id")
    )


def sides_of(reading: Reading) -> Sides:
    """In an order drawn by lot, so that nobody learns whose text stands on the left."""
    assert reading.label is not None
    if lot(f"side {reading.uuid}") < 0.5:
        return Sides(reading.text, reading.label.text, reading_first=True)
    return Sides(reading.label.text, reading.text)


def doubts_for_user(user: User) -> QuerySet[LabelDoubt]:
    """The most likely errors first."""
    return (
        LabelDoubt.objects.filter(
            site__in=sites_for_user(user, Role.REVIEWER),
            state=DoubtState.OPEN,
            label__segment__status=SegmentStatus.DONE,
            label__version=F("label__segment__version"),
        )
        .exclude(label__author=user)
        .select_related("label__segment__recording__site", "hypothesis")
        .order_by("-score", "id")
    )


def gold_items_for_user(user: User) -> QuerySet[GoldItem]:
    """In use; for those who may declare and retire them. To everybody else a gold text is a text."""
    return GoldItem.objects.filter(
        site__in=sites_for_user(user, Role.REVIEWER), retired_at=None
    ).select_related("segment__recording__site", "site")
