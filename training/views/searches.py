"""Searches: the list, what is asked before one starts, and the page of one with its live table."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from base.errors import DomainError
from base.paging import page_of
from training.models import DatasetSnapshot, Search
from training.search_form import SearchForm
from training.selectors.access import models_for_user, searches_for_user, snapshots_for_user
from training.selectors.runs import RESUMABLE, UNDER_WAY, log_tail
from training.selectors.searches import knob_names, trials_of
from training.services.searches import (
    search_cancel,
    search_create,
    search_promote_trial,
    search_resume,
    searches_mark_interrupted,
)
from training.views.loading import require_trainer_somewhere, search_of, snapshot_of
from training.views.search_charts import cer_chart, knob_chart

PAGE_SIZE = 20
SNAPSHOTS_SHOWN = 5


@require_safe
def search_list(request: HttpRequest) -> HttpResponse:
    require_trainer_somewhere(request.user)
    searches_mark_interrupted()
    page = page_of(searches_for_user(request.user), request.GET, PAGE_SIZE)
    rows = [{"search": search, "best": _best(search)} for search in page]
    snapshots = snapshots_for_user(request.user)[:SNAPSHOTS_SHOWN]
    return render(request, "training/search_list.html", {"page": page, "rows": rows, "snapshots": snapshots})


@require_http_methods(["GET", "HEAD", "POST"])
def search_new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    snapshot = snapshot_of(request.user, uuid)
    form = SearchForm(
        request.POST if request.method == "POST" else None, models=models_for_user(request.user)
    )
    if search := started(request, form, snapshot):
        return redirect("search_detail", uuid=search.uuid)
    return render(request, "training/search_new.html", {"form": form, "snapshot": snapshot})


def started(request: HttpRequest, form: SearchForm, snapshot: DatasetSnapshot) -> Search | None:
    """The search that the form asks for; None, with the reason in the form, when there is none."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return search_create(user=request.user, snapshot=snapshot, **form.asked())  # type: ignore[arg-type]
    except DomainError as error:
        form.add_error(None, error.message)
        return None


@require_safe
def search_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    searches_mark_interrupted()
    search = search_of(request.user, uuid)
    return render(request, "training/search_detail.html", {**_progress(search), "log": log_tail(search)})


@require_safe
def search_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The part that moves; once the search has ended, the whole page is asked for instead."""
    search = search_of(request.user, uuid)
    response = render(request, "training/search_progress.html", _progress(search))
    if search.status not in UNDER_WAY:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def search_stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    search_cancel(user=request.user, search=search_of(request.user, uuid))  # type: ignore[arg-type]
    return redirect("search_detail", uuid=uuid)


@require_POST
def search_go_on(request: HttpRequest, uuid: UUID) -> HttpResponse:
    search_resume(user=request.user, search=search_of(request.user, uuid))  # type: ignore[arg-type]
    return redirect("search_detail", uuid=uuid)


@require_POST
def search_train(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """A run with the knobs of this trial."""
    search = search_of(request.user, uuid)
    try:
        run = search_promote_trial(user=request.user, search=search, number=number)  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("search_detail", uuid=uuid)
    messages.success(request, _("A run with the knobs of trial %(number)s waits.") % {"number": number})
    return redirect("run_detail", uuid=run.uuid)


def _best(search: Search) -> Any:
    return next((row for row in trials_of(search) if row.is_best), None)


def _progress(search: Search) -> dict[str, Any]:
    trials = trials_of(search)
    names = knob_names(search)
    return {
        "search": search,
        "run": search,  # the badge of a state is that of a run
        "under_way": search.status in UNDER_WAY,
        "resumable": search.status in RESUMABLE,
        "trials": [{"row": row, "values": [f"{row.knobs[name]:g}" for name in names]} for row in trials],
        "names": names,
        "best": next((row for row in trials if row.is_best), None),
        "ended": sum(row.state in ("done", "stopped", "failed") for row in trials),
        "stopped": sum(row.state == "stopped" for row in trials),
        "knob_chart": knob_chart(names, trials),
        "cer_chart": cer_chart(trials),
    }
