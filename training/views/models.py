"""Models: what is live where, where each model comes from, what the gate says, promote and roll back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Site
from accounts.selectors import sites_for_user
from base.errors import DomainError, NotFound
from training.models import SpeechModel
from training.selectors.access import TRAINERS, models_for_user, trains_everywhere
from training.selectors.evaluations import evaluations_of, medical_evaluations
from training.selectors.gate import gate_verdict
from training.selectors.live import live_promotion
from training.services.promotions import model_promote, promotion_roll_back
from training.views.loading import model_of, promotion_of, require_trainer_somewhere, site_or_all


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    require_trainer_somewhere(request.user)
    sites = list(sites_for_user(request.user, *TRAINERS))
    everywhere = trains_everywhere(request.user)
    context = {
        "places": [_place(site, everywhere) for site in (None, *sites)],
        "models": [_card(model) for model in models_for_user(request.user)],
        "sites": sites,
        "everywhere": everywhere,
    }
    return render(request, "training/model_list.html", context)


@require_POST
def model_make_live(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Form: `site` (uuid or slug, empty for the default), `evaluation` (uuid), `override` (a reason)."""
    model = model_of(request.user, uuid)
    wanted = request.POST.get("evaluation")
    proof = next((one for one in medical_evaluations(model) if str(one.uuid) == wanted), None)
    try:
        if proof is None:
            raise NotFound("evaluation_unknown", _("This model has no such medical evaluation."))
        promotion = model_promote(
            user=request.user,  # type: ignore[arg-type]
            model=model,
            site=site_or_all(request.user, request.POST.get("site", "")),
            evaluation=proof,
            override=request.POST.get("override", ""),
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("model_list")
    where = promotion.site.name if promotion.site else _("every site without its own model")
    words = _("%(model)s is live at: %(where)s. Uncorrected segments are drafted anew.")
    messages.success(request, words % {"model": model, "where": where})
    return redirect("model_list")


@require_POST
def promotion_undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    try:
        back = promotion_roll_back(user=request.user, promotion=promotion_of(request.user, uuid))  # type: ignore[arg-type]
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("%(model)s is live again.") % {"model": back.model})
    return redirect("model_list")


def _place(site: Site | None, everywhere: bool) -> dict[str, Any]:
    promotion = live_promotion(site)
    own = promotion is not None and promotion.site == site
    may = own and (site is not None or everywhere)
    return {
        "site": site,
        "promotion": promotion,
        "inherited": promotion is not None and not own,
        "can_roll_back": bool(may and promotion and promotion.previous),
    }


def _card(model: SpeechModel) -> dict[str, Any]:
    live = live_promotion()
    is_default = live is not None and live.model_id == model.pk
    return {
        "model": model,
        "evaluations": evaluations_of(model),
        "medical": medical_evaluations(model),
        "lineage": _lineage(model),
        "is_default": is_default,
        "verdict": None if is_default else gate_verdict(model),
    }


def _lineage(model: SpeechModel) -> list[SpeechModel]:
    """From the base to its parent."""
    ancestors: list[SpeechModel] = []
    parent = model.parent
    while parent is not None:
        ancestors.insert(0, parent)
        parent = parent.parent
    return ancestors
