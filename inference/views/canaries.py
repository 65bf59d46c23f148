"""Models on trial: what a challenger and what is live heard since it began; begin a trial, end it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import person
from accounts.selectors import sites_for_user
from base.errors import DomainError
from inference.selectors.canaries import canary_arms
from training.models import Canary, CanaryStatus, SpeechModel
from training.selectors.access import TRAINERS, canaries_for_user, models_for_user, trains_everywhere
from training.selectors.evaluations import medical_evaluations
from training.selectors.gate import gate_verdict
from training.selectors.live import live_promotion
from training.services.canaries import canary_promote, canary_roll_back, canary_start
from training.templatetags.figures import percent
from training.views.loading import canary_of, model_of, require_trainer_somewhere, site_or_all

USUAL_SHARE_PERCENT = 10
MOST_ENDED = 20

_Shown = Callable[[Any], str]
_FIGURES: tuple[tuple[str, Any, _Shown], ...] = (
    ("sessions", gettext_lazy("dictations"), str),
    ("utterances", gettext_lazy("utterances"), str),
    ("rejected", gettext_lazy("texts that the checks held back"), percent),
    ("uncertain", gettext_lazy("utterances in doubt"), percent),
    ("corrected", gettext_lazy("corrected by their speaker"), percent),
    ("avg_logprob", gettext_lazy("mean log-probability"), "{:.2f}".format),
    ("final_ms_p50", gettext_lazy("time to the text, median"), "{:.0f} ms".format),
    ("final_ms_p95", gettext_lazy("time to the text, 95th percentile"), "{:.0f} ms".format),
)


@require_safe
def canary_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require_trainer_somewhere(user)
    canaries = canaries_for_user(user)
    context = {
        "trials": [_trial(canary) for canary in canaries.filter(status=CanaryStatus.RUNNING)],
        "ended": canaries.exclude(status=CanaryStatus.RUNNING)[:MOST_ENDED],
        "candidates": _candidates(user),
        "sites": sites_for_user(user, *TRAINERS),
        "everywhere": trains_everywhere(user),
        "share": USUAL_SHARE_PERCENT,
    }
    return render(request, "inference/canary_list.html", context)


@require_POST
def canary_begin(request: HttpRequest) -> HttpResponse:
    """Form: `model` (uuid), `site` (uuid, slug or empty), `share` (per cent), `override` (a reason)."""
    user = person(request)
    try:
        model = _candidate(request)
        canary = canary_start(
            user=user,
            model=model,
            evaluation=_proof(model),
            share=_share(request.POST.get("share", "")),
            site=site_or_all(user, request.POST.get("site", "")),
            override=request.POST.get("override", ""),
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        words = _("%(model)s hears %(share)s of the dictations that begin from now on.")
        messages.success(request, words % {"model": model, "share": percent(canary.share)})
    return redirect("canary_list")


@require_POST
def canary_make_live(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Form: `override` (a reason)."""
    end = partial(canary_promote, override=request.POST.get("override", ""))
    return _ended(request, uuid, end, _("%(model)s is live; the trial has ended."))


@require_POST
def canary_take_off(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _ended(request, uuid, canary_roll_back, _("%(model)s hears no new session."))


def _ended(request: HttpRequest, uuid: UUID, end: Callable[..., object], words: str) -> HttpResponse:
    user = person(request)
    canary = canary_of(user, uuid)
    try:
        end(user=user, canary=canary)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, words % {"model": canary.model})
    return redirect("canary_list")


def _candidates(user: User) -> list[SpeechModel]:
    """Scored, and not what everybody has already."""
    live = live_promotion()
    has_live = {live.model_id} if live else set()
    return [one for one in models_for_user(user) if one.pk not in has_live and medical_evaluations(one)]


def _candidate(request: HttpRequest) -> SpeechModel:
    """Raises NotFound, or DomainError where nothing was chosen."""
    try:
        wanted = UUID(request.POST.get("model", ""))
    except ValueError:
        raise DomainError("no_model", _("Choose the model that is to be tried.")) from None
    return model_of(person(request), wanted)


def _proof(model: SpeechModel) -> Any:
    proofs = medical_evaluations(model)
    if not proofs:
        message = _("%(model)s has not been scored on a medical evaluation set.")
        raise DomainError("not_scored", message % {"model": model})
    return proofs[0]


def _share(percents: str) -> float:
    """0 where it is no number: the service says what a share must be."""
    try:
        return float(percents) / 100
    except ValueError:
        return 0.0


def _trial(canary: Canary) -> dict[str, Any]:
    challenger, live = canary_arms(canary)
    rows = [
        (label, _cell(getattr(challenger, name), shown), _cell(getattr(live, name), shown))
        for name, label, shown in _FIGURES
    ]
    return {"canary": canary, "rows": rows, "verdict": gate_verdict(canary.model, canary.site)}


def _cell(value: float | None, shown: _Shown) -> str:
    return "–" if value is None else shown(value)
