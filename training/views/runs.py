"""Runs: the list with what can be started, and the page of one run with its live progress."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.selectors import sites_for_user
from base import charts
from base.errors import DomainError
from base.paging import page_of
from training.forms import TrainForm
from training.models import Run
from training.selectors.access import (
    TRAINERS,
    models_for_user,
    runs_for_user,
    snapshots_for_user,
    trains_everywhere,
)
from training.selectors.confusions import confusions_of
from training.selectors.evaluations import comparisons_of, produced_by, worst_first
from training.selectors.learning import learning_curves
from training.selectors.lineage import ancestors
from training.selectors.runs import (
    RESUMABLE,
    UNDER_WAY,
    config_rows,
    curve_of,
    log_tail,
    stage_result,
    stages_of,
)
from training.selectors.terms import lexicon_of_run, term_scores
from training.services.datasets import snapshot_build
from training.services.runs import run_cancel, run_create, run_resume, runs_mark_interrupted
from training.views.compare import choices_of
from training.views.curves import curves_of, learning_charts, safe, scores_chart, strength_of
from training.views.heat import heat_map
from training.views.loading import require_trainer_somewhere, run_of, snapshot_of

PAGE_SIZE = 20
SNAPSHOTS_SHOWN = 5


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    require_trainer_somewhere(request.user)
    runs_mark_interrupted()
    page = page_of(runs_for_user(request.user), request.GET, PAGE_SIZE)
    rows = [_row(run) for run in page]
    context = {
        "page": page,
        "rows": rows,
        "under_way": any(run.status in UNDER_WAY for run in page),
        "choices": choices_of(request.user),
        "snapshots": snapshots_for_user(request.user)[:SNAPSHOTS_SHOWN],
        "sites": sites_for_user(request.user, *TRAINERS),
        "everywhere": trains_everywhere(request.user),
    }
    return render(request, "training/run_list.html", context)


@require_safe
def run_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    runs_mark_interrupted()
    run = run_of(request.user, uuid)
    comparisons = comparisons_of(run)
    lexicon = lexicon_of_run(run)
    context = {
        **_progress(run),
        "model": produced_by(run),
        **strength_of(run),
        "speed": stage_result(run, "train"),
        "lineage": ancestors(run.base_model),
        "comparisons": comparisons,
        "scores_chart": scores_chart(comparisons),
        "regressions": worst_first(comparisons),
        "term_scores": term_scores(lexicon, comparisons),
        "term_count": len(lexicon.terms),
        "confusions": confusions_of(lexicon, comparisons),
        "learning": learning_charts(learning_curves(run, runs_for_user(request.user), comparisons)),
        "heat": heat_map(run.rank_pattern),
        "config": config_rows(run),
    }
    return render(request, "training/run_detail.html", context)


@require_safe
def run_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The part that moves; once the run has ended, the whole page is asked for instead."""
    run = run_of(request.user, uuid)
    response = render(request, "training/run_progress.html", _progress(run))
    if run.status not in UNDER_WAY:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def run_curve(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return render(request, "training/run_curve.html", _progress(run_of(request.user, uuid)))


@require_POST
def run_stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run_cancel(user=request.user, run=run_of(request.user, uuid))  # type: ignore[arg-type]
    return redirect("run_detail", uuid=uuid)


@require_POST
def run_go_on(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run_resume(user=request.user, run=run_of(request.user, uuid))  # type: ignore[arg-type]
    return redirect("run_detail", uuid=uuid)


@require_POST
def snapshot_new(request: HttpRequest) -> HttpResponse:
    """Of the site named in the form; of all sites when none is."""
    wanted = request.POST.get("site")
    site = sites_for_user(request.user, *TRAINERS).filter(slug=wanted).first() if wanted else None
    try:
        snapshot = snapshot_build(user=request.user, site=site)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("run_list")
    return redirect("run_new", uuid=snapshot.uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def run_new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    snapshot = snapshot_of(request.user, uuid)
    form = TrainForm(request.POST or None, models=models_for_user(request.user))
    if request.method == "POST" and form.is_valid():
        try:
            run = run_create(
                user=request.user,  # type: ignore[arg-type]
                snapshot=snapshot,
                base_model=form.cleaned_data["base_model"],
                overrides=form.cleaned_data["overrides"],
                name=form.cleaned_data["name"],
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect("run_detail", uuid=run.uuid)
    return render(request, "training/run_new.html", {"form": form, "snapshot": snapshot})


def _row(run: Run) -> dict[str, Any]:
    losses = [point["loss"] for point in curve_of(run) if "loss" in point]
    return {
        "run": run,
        "comparisons": comparisons_of(run),
        "spark": safe(charts.sparkline(losses, _("loss"))),
    }


def _progress(run: Run) -> dict[str, Any]:
    return {
        "run": run,
        "under_way": run.status in UNDER_WAY,
        "resumable": run.status in RESUMABLE,
        "stages": stages_of(run),
        **curves_of(run),
        "log": log_tail(run),
    }
