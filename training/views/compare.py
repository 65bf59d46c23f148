"""Two runs beside each other: configuration, figures, and the utterances that changed, with their sound."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from base.errors import NotFound
from training.models import Run
from training.selectors.access import runs_for_user
from training.selectors.compare import (
    Difference,
    SetComparison,
    UtteranceChange,
    changes_of,
    knob_differences,
    set_comparisons,
)
from training.selectors.evaluations import produced_by
from training.selectors.runs import curve_of
from training.views.curves import line_of, loss_chart
from training.views.loading import Person, require_trainer_somewhere, run_of

CHOICES = 100  # of runs in the two lists
PAGE_SIZE = 20


@require_safe
def run_compare(request: HttpRequest) -> HttpResponse:
    """`?a=<uuid>&b=<uuid>`, `from`: how many changed utterances are passed over."""
    require_trainer_somewhere(request.user)
    a, b = (_chosen(request.user, request.GET.get(side, "")) for side in "ab")
    context: dict[str, Any] = {"a": a, "b": b, "choices": choices_of(request.user, a, b)}
    if a and b and a != b:
        context |= _side_by_side(a, b, request.GET.get("from", ""))
    return render(request, "training/run_compare.html", context)


def choices_of(user: Person, *chosen: Run | None) -> list[Run]:
    """The newest, and what is chosen already, however old it is."""
    runs = list(runs_for_user(user).order_by("-id")[:CHOICES])
    return runs + [run for run in chosen if run and run not in runs]


def _chosen(user: Person, uuid: str) -> Run | None:
    if not uuid:
        return None
    try:
        return run_of(user, UUID(uuid))
    except (ValueError, ValidationError) as error:
        raise NotFound("run_unknown", _("There is no such run at your sites.")) from error


def _side_by_side(a: Run, b: Run, start: str) -> dict[str, Any]:
    comparisons = set_comparisons(a, b)
    return {
        "facts": _facts(a, b),
        "knobs": knob_differences(a, b),
        "comparisons": [(one, _rows(one), _verdict(one)) for one in comparisons],
        "why_none": "" if comparisons else _why_none(a, b),
        "curve": loss_chart([line_of(curve_of(a), "loss"), line_of(curve_of(b), "loss")]),
        **_changes(comparisons, int(start) if start.isdecimal() else 0),
    }


def _facts(a: Run, b: Run) -> list[Difference]:
    def both(name: str, *values: object) -> Difference:
        return Difference(name, *(str(value) if value not in (None, "") else "–" for value in values))

    return [
        both(_("base"), a.base_model, b.base_model),
        both(_("snapshot"), a.snapshot.sha256[:8], b.snapshot.sha256[:8]),
        both(_("utterances"), a.snapshot.utterances, b.snapshot.utterances),
        both(_("commit of the code"), a.git_commit[:8], b.git_commit[:8]),
        both(_("trainable parameters"), a.trainable_parameters, b.trainable_parameters),
        both(_("total rank"), *(sum(run.rank_pattern.values()) or None for run in (a, b))),
    ]


def _rows(one: SetComparison) -> list[tuple[str, float | None, float | None, float | None]]:
    titles = {
        "corpus_cer": _("CER of the corpus"),
        "mean_cer": _("mean CER"),
        "median_cer": _("median CER"),
        "mean_cer_trimmed": _("mean CER, trimmed"),
        "median_cer_trimmed": _("median CER, trimmed"),
        "mer": _("mixed error rate (MER)"),
    }
    return [(titles[name], *figures) for name, *figures in one.figures]  # type: ignore[misc]


def _verdict(one: SetComparison) -> str:
    if one.interval is None:
        return _("The results by utterance are not there any more, so there is no interval.")
    low, high = one.interval
    words = {"low": f"{100 * low:+.1f}", "high": f"{100 * high:+.1f}"}
    if high < 0:
        return _("B is better: between %(low)s and %(high)s points.") % words
    if low > 0:
        return _("B is worse: between %(low)s and %(high)s points.") % words
    return _("No difference beyond chance: between %(low)s and %(high)s points.") % words


def _why_none(a: Run, b: Run) -> str:
    for run in (a, b):
        if produced_by(run) is None:
            return _("%(run)s has made no model (%(state)s), so there are no figures to compare.") % {
                "run": run,
                "state": run.get_status_display(),
            }
    return _("These runs share no evaluation set that was scored alike, so their figures cannot be compared.")


def _changes(comparisons: list[SetComparison], start: int) -> dict[str, Any]:
    """One list: what B hears worse, then what it hears better."""
    worse, better = changes_of(comparisons)
    every: list[UtteranceChange] = [*worse, *better]
    start = min(start, max(0, len(every) - 1))
    return {
        "changes": every[start : start + PAGE_SIZE],
        "worse_count": len(worse),
        "better_count": len(better),
        "same_count": sum(len(one.pairs) for one in comparisons) - len(every),
        "previous": max(0, start - PAGE_SIZE) if start else None,
        "next": start + PAGE_SIZE if start + PAGE_SIZE < len(every) else None,
    }
