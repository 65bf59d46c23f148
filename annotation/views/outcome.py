"""What expert time has brought, and how far texts and drafts can be trusted."""

import csv
from collections.abc import Sequence

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Role, User
from accounts.requests import person
from accounts.selectors import require_role
from annotation.models import CalibrationFit
from annotation.selectors.estimates import Trust, lift, trust_of_experts
from annotation.selectors.modes import modes_for_user
from annotation.selectors.outcome import (
    ARMS,
    BY_LOT,
    KEYS,
    OVERSEERS,
    RANKED,
    RATES,
    SUMS,
    WEEKS,
    Outcome,
    Wanted,
    experts_seen_by,
    grouped,
    newest_fits,
    outcomes_for_user,
    sites_seen_by,
    together,
)
from base.charts import Estimate, interval_chart, line_chart

ARM_NAMES = {RANKED: gettext_lazy("chosen by the queue"), BY_LOT: gettext_lazy("drawn by lot")}
WEEK_CHOICES = (4, 12, 26, 52)


class OutcomeFilters(forms.Form):
    """The filters, as they stand in the address; one that makes no sense is left out."""

    weeks = forms.TypedChoiceField(
        choices=[(weeks, weeks) for weeks in WEEK_CHOICES],
        coerce=int,
        empty_value=WEEKS,  # type: ignore[arg-type]
        required=False,
    )
    site = forms.CharField(required=False)
    expert = forms.CharField(required=False)
    arm = forms.ChoiceField(choices=[(arm, arm) for arm in (RANKED, *ARMS)], required=False)

    def wanted(self) -> Wanted:
        self.is_valid()
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})


@require_safe
def outcome(request: HttpRequest) -> HttpResponse:
    user, wanted = allowed(request)
    rows = outcomes_for_user(user, wanted)
    trust = trust_of_experts(user, wanted)
    by_week = grouped(rows, "week")
    context = {
        "wanted": wanted,
        "query": query_of(request.GET),
        "weeks": WEEK_CHOICES,
        "arms": {arm: ARM_NAMES.get(arm, arm) for arm in (RANKED, *ARMS)},
        "sites": sites_seen_by(user),
        "experts": experts_seen_by(user),
        "all": together(rows),
        "lift": lift(user, wanted),
        "tables": [
            table("expert", _("expert"), rows),
            table("site", _("site"), rows),
            table("arm", _("strategy"), rows),
            table("week", _("week from"), rows),
        ],
        "week_charts": week_charts(by_week),
        "trust": trust,
        "trust_charts": trust_charts(trust),
        "modes": modes_for_user(user),
        "fits": [{"fit": fit, "chart": reliability_chart(fit)} for fit in newest_fits(user)],
    }
    return render(request, "annotation/outcome.html", context)


@require_safe
def outcome_csv(request: HttpRequest) -> HttpResponse:
    """One line for each expert, site, week and arm of the queue, filtered like the page."""
    user, wanted = allowed(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="outcome.csv"'
    response.write("\ufeff")  # or Excel takes the hanzi for Latin letters
    lines = csv.writer(response)
    lines.writerow([*KEYS, *SUMS, *RATES])
    for row in outcomes_for_user(user, wanted):
        rates = [getattr(row, name) for name in RATES]
        lines.writerow(
            [
                *(_plain(getattr(row, name)) for name in (*KEYS, *SUMS)),
                *("" if rate is None else round(rate, 4) for rate in rates),
            ]
        )
    return response


def table(name: str, head: str, rows: Sequence[Outcome]) -> dict[str, object]:
    """One line for each expert, site, strategy or week, under the name that people know it by."""
    lines = []
    for row in grouped(rows, name):
        key = getattr(row, name)
        lines.append({"title": ARM_NAMES.get(key, key) if name == "arm" else str(key), "row": row})
    return {"name": name, "head": head, "lines": lines}


def allowed(request: HttpRequest) -> tuple[User, Wanted]:
    user = person(request)
    require_role(user, *OVERSEERS, Role.EXPERT)
    return user, OutcomeFilters(request.GET).wanted()


def query_of(given: QueryDict) -> str:
    """The filters once more, for the address of the CSV."""
    query = QueryDict(mutable=True)
    query.update({name: str(given[name]) for name in OutcomeFilters.base_fields if given.get(name)})
    return query.urlencode()


def week_charts(by_week: Sequence[Outcome]) -> dict[str, str]:
    """By title, over the weeks, oldest first: errors put right per minute; CER of drafts and texts.

    Empty for one week.
    """
    weeks = list(reversed(by_week))
    speed = [(n, one.errors_per_minute) for n, one in enumerate(weeks) if one.errors_per_minute is not None]
    before = [(n, 100 * one.cer_before) for n, one in enumerate(weeks) if one.cer_before is not None]
    after = [(n, 100 * one.cer_after) for n, one in enumerate(weeks) if one.cer_after is not None]
    lines = {_("Characters put right a minute, week by week"): [speed]}
    if len(before) > 1:
        lines[_("CER of drafts (solid) and of experts' texts (dashed), in per cent")] = [before, after]
    charts = {title: line_chart(of, title, _("weeks")) for title, of in lines.items()}
    return {title: chart for title, chart in charts.items() if chart and len(weeks) > 1}


def trust_charts(trust: Sequence[Trust]) -> list[str]:
    """Of each expert: how far second readers differ, and errors against gold texts."""
    titles = {
        "disagreement": _("Share in which second readers differ, by expert"),
        "gold": _("CER against gold texts, by expert"),
    }
    charts = []
    for name, title in titles.items():
        known = [(one.expert, getattr(one, name)) for one in trust if getattr(one, name)]
        rows = [Estimate(expert, one.value, one.low, one.high, after=True) for expert, one in known]
        charts.append(interval_chart(rows, title))
    return [chart for chart in charts if chart]


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
