"""What expert time has brought: by expert, site, week and arm of the queue."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast, Length, Replace, TruncWeek
from django.utils import timezone

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from annotation.models import CalibrationFit, Label, Reading, ReadingPurpose
from annotation.selectors.segments import EDITORS

OVERSEERS = (Role.REVIEWER, Role.ENGINEER, Role.SITE_ADMIN)
WEEKS = 12
# Arms of the queue by the reason that a segment carries; what carries none of them was ranked.
RANKED = "ranked"
BY_LOT = "by_lot"
ARMS = {BY_LOT: "random_sample"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the page; empty: all."""

    weeks: int = WEEKS
    site: str = ""
    expert: str = ""
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Corrections of one expert at one site in one week, from one arm of the queue; or several together."""

    expert: str = ""
    site: str = ""
    week: date | None = None
    arm: str = ""
    labels: int = 0
    active_ms: int = 0
    audio_ms: int = 0
    errors: int = 0
    characters: int = 0
    # Second readings of these labels: how many, and in how many units of how many they differ.
    pairs: int = 0
    pair_errors: int = 0
    pair_length: int = 0
    # Texts of which it is known what was said: by a second reading, a reviewer or a gold text.
    checked: int = 0
    checked_characters: int = 0
    draft_errors: int = 0
    text_errors: int = 0
    golds: int = 0
    gold_errors: int = 0
    gold_length: int = 0

    @property
    def active_per_audio(self) -> float | None:
        """Seconds at work for each second of sound."""
        return self.active_ms / self.audio_ms if self.audio_ms else None

    @property
    def errors_per_minute(self) -> float | None:
        return self.errors / (self.active_ms / 60_000) if self.active_ms else None

    @property
    def draft_cer(self) -> float | None:
        """Of the drafts that were corrected, measured against what the experts wrote."""
        return self.errors / self.characters if self.characters else None

    @property
    def cer_before(self) -> float | None:
        """Of the drafts, measured against what is known to have been said."""
        return self.draft_errors / self.checked_characters if self.checked_characters else None

    @property
    def cer_after(self) -> float | None:
        """Of the experts' texts, measured against the same."""
        return self.text_errors / self.checked_characters if self.checked_characters else None

    @property
    def disagreement(self) -> float | None:
        return self.pair_errors / self.pair_length if self.pair_length else None

    @property
    def gold_cer(self) -> float | None:
        return self.gold_errors / self.gold_length if self.gold_length else None


KEYS = ("expert", "site", "week", "arm")
SUMS = tuple(one.name for one in fields(Outcome) if one.name not in KEYS)
RATES = (
    "active_per_audio",
    "errors_per_minute",
    "draft_cer",
    "cer_before",
    "cer_after",
    "disagreement",
    "gold_cer",
)


def outcomes_for_user(user: User, wanted: Wanted = Wanted()) -> list[Outcome]:
    """One row for each expert, site, week and arm, the newest week first.

    Whoever oversees a site sees everybody there; an expert sees their own work.
    """
    rows: dict[tuple[date, str, str, str], dict[str, int]] = {}
    for found in (_of_labels(user, wanted), _of_readings(user, wanted)):
        for row in found:
            key = (row.pop("week").date(), row.pop("place"), row.pop("person"), row.pop("arm"))
            sums = rows.setdefault(key, {})
            sums.update({name: value or 0 for name, value in row.items()})
    order = sorted(rows, key=lambda key: (-key[0].toordinal(), *key[1:]))
    return [
        Outcome(expert=person, site=site, week=week, arm=arm, **rows[week, site, person, arm])
        for week, site, person, arm in order
    ]


def labels_for_outcome(user: User, wanted: Wanted) -> QuerySet[Label]:
    """With `.arm`. What a reviewer settled is no expert's work on a draft and is left out."""
    visible = Q(segment__site__in=sites_for_user(user, *OVERSEERS)) | Q(author=user)
    labels = with_arm(Label.objects.filter(visible, created_at__gte=since(wanted)), "segment__reasons")
    labels = labels.filter(settles=None, settles_doubts=None)
    chosen = {"segment__site__slug": wanted.site, "author__username": wanted.expert, "arm": wanted.arm}
    return labels.filter(**{name: value for name, value in chosen.items() if value})


def readings_for_outcome(user: User, wanted: Wanted) -> QuerySet[Reading]:
    """Finished blind readings, with `.arm` and whose text was judged as `.person`: the author of the label,
    of a gold text its reader. Doubted labels are no sample of anything and are left out."""
    gold = Q(purpose=ReadingPurpose.GOLD)
    mine = Q(gold, reader=user) | Q(~gold, label__author=user)
    readings = Reading.objects.filter(
        mine | Q(site__in=sites_for_user(user, *OVERSEERS)),
        done_at__gte=since(wanted),
        purpose__in=[ReadingPurpose.DOUBLE, ReadingPurpose.GOLD],
    )
    readings = with_arm(readings, "segment__reasons").annotate(
        person=Case(When(gold, then=F("reader__username")), default=F("label__author__username"))
    )
    chosen = {"site__slug": wanted.site, "person": wanted.expert, "arm": wanted.arm}
    return readings.filter(**{name: value for name, value in chosen.items() if value})


def with_arm(rows: QuerySet, reasons: str) -> QuerySet:
    """`.arm`: by what the queue chose the segment."""
    arms = [When(why__contains=reason, then=Value(arm)) for arm, reason in ARMS.items()]
    return rows.annotate(why=Cast(reasons, TextField())).annotate(
        arm=Case(*arms, default=Value(RANKED), output_field=CharField())
    )


def since(wanted: Wanted) -> datetime:
    return timezone.now() - timedelta(weeks=wanted.weeks)


def experts_seen_by(user: User) -> list[str]:
    """Whose work this person may look at, besides their own."""
    seen = User.objects.filter(
        memberships__site__in=sites_for_user(user, *OVERSEERS), memberships__role__in=EDITORS
    )
    return list(seen.order_by("username").values_list("username", flat=True).distinct())


def sites_seen_by(user: User) -> list[Site]:
    return list(sites_for_user(user, *OVERSEERS, Role.EXPERT))


def together(rows: Iterable[Outcome], **common: object) -> Outcome:
    """The sum; `common` says what the rows have in common."""
    rows = list(rows)
    sums = {name: sum(getattr(row, name) for row in rows) for name in SUMS}
    return Outcome(**sums, **common)  # type: ignore[arg-type]


def grouped(rows: Iterable[Outcome], name: str) -> list[Outcome]:
    """The sums over rows of the same expert, site, week or arm, in the order in which they come."""
    groups: dict[object, list[Outcome]] = {}
    for row in rows:
        groups.setdefault(getattr(row, name), []).append(row)
    return [together(own, **{name: value}) for value, own in groups.items()]


def newest_fits(user: User) -> list[CalibrationFit]:
    """The newest fit of each site that this person may see."""
    sites = sites_for_user(user, *OVERSEERS, Role.EXPERT)
    fits = (CalibrationFit.objects.filter(site=site).select_related("site").first() for site in sites)
    return [fit for fit in fits if fit]


def _of_labels(user: User, wanted: Wanted) -> Iterable[Any]:
    return (
        labels_for_outcome(user, wanted)
        .annotate(
            week=TruncWeek("created_at"),
            person=F("author__username"),
            place=F("segment__site__name"),
            said=Length(Replace("text", Value(" "), Value(""))),
        )
        .order_by()
        .values("week", "place", "person", "arm")
        .annotate(
            labels=Count("pk"),
            active_ms=Sum("active_edit_ms"),
            audio_ms=Sum(F("segment__end_ms") - F("segment__start_ms")),
            errors=Sum("errors_removed"),
            characters=Sum("said"),
        )
    )


def _of_readings(user: User, wanted: Wanted) -> Iterable[Any]:
    double, gold = Q(purpose=ReadingPurpose.DOUBLE), Q(purpose=ReadingPurpose.GOLD)
    return (
        readings_for_outcome(user, wanted)
        .annotate(week=TruncWeek("done_at"), place=F("site__name"))
        .order_by()
        .values("week", "place", "person", "arm")
        .annotate(
            pairs=Count("pk", filter=double),
            pair_errors=Sum("errors", filter=double),
            pair_length=Sum("length", filter=double),
            checked=Count("truth_length"),
            checked_characters=Sum("truth_length"),
            draft_errors=Sum("draft_errors"),
            text_errors=Sum("text_errors"),
            golds=Count("pk", filter=gold),
            gold_errors=Sum("errors", filter=gold),
            gold_length=Sum("length", filter=gold),
        )
    )
