"""How a segment is to be worked on, and what each way has cost and brought."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Length, Replace
from django.utils import timezone

from accounts.models import User
from accounts.selectors import sites_for_user
from annotation.models import Label, LabelMode, Segment
from annotation.ranking.errors import expected_length
from annotation.ranking.mode import mode_of
from annotation.selectors.candidates import speech_ms_of
from annotation.selectors.outcome import OVERSEERS, WEEKS, Outcome


def mode_for(segment: Segment) -> LabelMode:
    """A text that a person wrote is edited, and so is a draft of which nothing is known."""
    never_ranked = segment.expected_seconds == 0
    if segment.hypothesis is None or segment.version or never_ranked:
        return LabelMode.EDIT
    return LabelMode(
        mode_of(
            segment.expected_errors,
            expected_length(segment.hypothesis.as_heard(), speech_ms_of(segment)),
            confirm_below=settings.AUSCULT_CONFIRM_BELOW,
            retype_above=settings.AUSCULT_RETYPE_ABOVE,
        )
    )


@dataclass(frozen=True, slots=True)
class ModeOutcome:
    """What was worked on in one way."""

    name: str
    changed: int
    """Texts in which at least one character was put right."""
    sums: Outcome

    @property
    def changed_share(self) -> float:
        return self.changed / max(1, self.sums.labels)

    @property
    def errors_per_text(self) -> float:
        return self.sums.errors / max(1, self.sums.labels)


def modes_for_user(user: User, now: datetime | None = None) -> list[ModeOutcome]:
    """The last weeks, in the order confirm, edit, retype; a way that nobody went is left out."""
    since = (now or timezone.now()) - timedelta(weeks=WEEKS)
    visible = Q(segment__site__in=sites_for_user(user, *OVERSEERS)) | Q(author=user)
    rows = (
        Label.objects.filter(visible, created_at__gte=since)
        .order_by()
        .annotate(said=Length(Replace("text", Value(" "), Value(""))))
        .values_list("mode")
        .annotate(
            changed=Count("pk", filter=Q(errors_removed__gt=0)),
            labels=Count("pk"),
            active_ms=Sum("active_edit_ms"),
            audio_ms=Sum(F("segment__end_ms") - F("segment__start_ms")),
            errors=Sum("errors_removed"),
            characters=Sum("said"),
        )
    )
    names = ("labels", "active_ms", "audio_ms", "errors", "characters")
    found = {
        mode: ModeOutcome(str(LabelMode(mode).label), changed, Outcome(**dict(zip(names, sums, strict=True))))
        for mode, changed, *sums in rows
    }
    return [found[mode] for mode in LabelMode if mode in found]
