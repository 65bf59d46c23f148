"""What expert time has brought, and how far the drafts' confidence can be trusted."""

import csv

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.requests import person
from accounts.selectors import require_role
from annotation.models import CalibrationFit
from annotation.selectors.outcome import (
    OVERSEERS,
    grouped,
    lift,
    newest_fits,
    outcomes_for_user,
    together,
)
from base.charts import line_chart

COLUMNS = ("expert", "site", "week", "by_lot", "labels", "active_ms", "audio_ms", "errors", "characters")
RATES = ("active_per_audio", "errors_per_minute", "draft_cer")


@require_safe
def outcome(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require_role(user, *OVERSEERS, Role.EXPERT)
    rows = outcomes_for_user(user)
    context = {
        "by_expert": grouped(rows, "expert"),
        "by_week": grouped(rows, "week"),
        "by_site": grouped(rows, "site"),
        "all": together(rows),
        "lift": lift(rows),
        "fits": [{"fit": fit, "chart": reliability_chart(fit)} for fit in newest_fits(user)],
    }
    return render(request, "annotation/outcome.html", context)


@require_safe
def outcome_csv(request: HttpRequest) -> HttpResponse:
    """One line for each expert, site, week and arm of the queue."""
    user = person(request)
    require_role(user, *OVERSEERS, Role.EXPERT)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="outcome.csv"'
    response.write("\ufeff")  # or Excel takes the hanzi for Latin letters
    lines = csv.writer(response)
    lines.writerow([*COLUMNS, *RATES])
    for row in outcomes_for_user(user):
        figures = [getattr(row, name) for name in COLUMNS]
        lines.writerow([*map(_plain, figures), *(round(getattr(row, name), 4) for name in RATES)])
    return response


def reliability_chart(fit: CalibrationFit) -> str:
    """How often words were wrong (upwards) over how often they were said to be, in per cent."""
    lines = [
        [(100 * one["believed"], 100 * one["observed"]) for one in bins]
        for bins in (fit.reliability, fit.reliability_raw)
    ]
    title = _("Share of wrong words over the probability that they are wrong, in per cent")
    return line_chart(lines, title, "%", guide=[(0.0, 0.0), (100.0, 100.0)])


def _plain(value: object) -> object:
    """A name that begins like a formula would be run by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
