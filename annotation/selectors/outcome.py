"""What expert time has brought: by expert, by week, and ranked segments beside those drawn by lot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, Sum, TextField, Value
from django.db.models.functions import Cast, Length, Replace, TruncWeek
from django.utils import timezone

from accounts.models import Role, User
from accounts.selectors import sites_for_user
from annotation.models import CalibrationFit, Label

OVERSEERS = (Role.REVIEWER, Role.ENGINEER, Role.SITE_ADMIN)
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """Corrections of one expert at one site in one week, from one arm of the queue; or several together."""

    expert: str = ""
    site: str = ""
    week: date | None = None
    by_lot: bool = False
    labels: int = 0
    active_ms: int = 0
    audio_ms: int = 0
    errors: int = 0
    characters: int = 0

    @property
    def active_per_audio(self) -> float:
        """Seconds at work for each second of sound."""
        return self.active_ms / max(1, self.audio_ms)

    @property
    def errors_per_minute(self) -> float:
        return self.errors / max(1e-9, self.active_ms / 60_000)

    @property
    def draft_cer(self) -> float:
        """Of the drafts that were corrected, measured against what the experts wrote."""
        return self.errors / max(1, self.characters)


def outcomes_for_user(user: User, now: datetime | None = None) -> list[Outcome]:
    """One row for each expert, site, week and arm, the newest week first.

    Whoever oversees a site sees everybody there; an expert sees their own work.
    """
    since = (now or timezone.now()) - timedelta(weeks=WEEKS)
    visible = Q(segment__site__in=sites_for_user(user, *OVERSEERS)) | Q(author=user)
    rows = (
        Label.objects.filter(visible, created_at__gte=since)
        .annotate(
            week=TruncWeek("created_at"),
            why=Cast("segment__reasons", TextField()),
            said=Length(Replace("text", Value(" "), Value(""))),
        )
        .annotate(by_lot=Q(why__contains="random_sample"))
        .order_by("-week", "segment__site__name", "author__username", "by_lot")
        .values_list("author__username", "segment__site__name", "week", "by_lot")
        .annotate(
            labels=Count("pk"),
            active_ms=Sum("active_edit_ms"),
            audio_ms=Sum(F("segment__end_ms") - F("segment__start_ms")),
            errors=Sum("errors_removed"),
            characters=Sum("said"),
        )
    )
    return [Outcome(row[0], row[1], row[2].date(), *row[3:]) for row in rows]


def together(rows: Iterable[Outcome], **fields: object) -> Outcome:
    """The sum; `fields` say what the rows have in common."""
    rows = list(rows)
    sums = {
        name: sum(getattr(row, name) for row in rows)
        for name in ("labels", "active_ms", "audio_ms", "errors", "characters")
    }
    return Outcome(**sums, **fields)  # type: ignore[arg-type]


def grouped(rows: Iterable[Outcome], name: str) -> list[Outcome]:
    """The sums over rows of the same expert, site or week, in the order in which they come."""
    groups: dict[object, list[Outcome]] = {}
    for row in rows:
        groups.setdefault(getattr(row, name), []).append(row)
    return [together(own, **{name: value}) for value, own in groups.items()]


def lift(rows: Iterable[Outcome]) -> float | None:
    """Errors removed per minute of ranked segments over those drawn by lot; None until both have some."""
    rows = list(rows)
    ranked, drawn = (together(r for r in rows if r.by_lot == lot) for lot in (False, True))
    if not ranked.active_ms or not drawn.active_ms or not drawn.errors:
        return None
    return ranked.errors_per_minute / drawn.errors_per_minute


def newest_fits(user: User) -> list[CalibrationFit]:
    """The newest fit of each site that this person may see."""
    sites = sites_for_user(user, *OVERSEERS, Role.EXPERT)
    fits = (CalibrationFit.objects.filter(site=site).select_related("site").first() for site in sites)
    return [fit for fit in fits if fit]
