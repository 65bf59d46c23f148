"""The live page, the demo dictations that can be played on it, and the department's terms beside it."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Site, User
from accounts.requests import person, person_key
from annotation.models import TermKind
from annotation.selectors.terms import lexicon_of
from base.errors import Forbidden, NotFound
from inference.selectors.dictations import demo_dictation, demo_dictations
from inference.selectors.sessions import dictation_sites, knows_demo_voices_only
from inference.selectors.utterances import certainty_curve
from inference.views.strings import page_strings
from training.models import SpeechModel
from training.selectors import live_model

NO_SESSION = UUID(int=0)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    sites = dictation_sites(request.user)
    site = _chosen(sites, request.GET.get("site", ""))
    model = _model(site)
    demo_voices_only = model is not None and knows_demo_voices_only(model)
    context = {
        "sites": sites,
        "site": site,
        "model": model,
        "demo_voices_only": demo_voices_only,
        "dictations": demo_dictations() if demo_voices_only else [],
        "most_terms": settings.AUSCULT_PROMPT_TERMS,
        "config": page_config(person(request), site, model),
    }
    return render(request, "inference/live.html", context)


@require_safe
def live_terms(request: HttpRequest) -> JsonResponse:
    """`terms`: {text, kind, aliases} of the site; kinds as the person reads them."""
    site = _chosen(dictation_sites(request.user), request.GET.get("site", ""))
    if site is None:
        raise Forbidden("role_missing", _("You have no role at any site yet."))
    kinds = dict(TermKind.choices)
    terms = [
        {"text": term.text, "kind": str(kinds.get(term.kind, term.kind)), "aliases": term.aliases}
        for term in sorted(lexicon_of(site.pk).terms, key=lambda term: term.text.casefold())
    ]
    return JsonResponse({"terms": terms})


@require_safe
def live_demo(request: HttpRequest, number: int) -> HttpResponse:
    if not dictation_sites(request.user).exists():
        raise Forbidden("role_missing", _("You have no role at any site yet."))
    dictation = demo_dictation(number)
    if dictation is None:
        raise NotFound("dictation_unknown", _("There is no such demo dictation."))
    return HttpResponse(dictation.path.read_bytes(), content_type="audio/wav")


def page_config(user: User, site: Site | None, model: SpeechModel | None) -> dict[str, object]:
    """What the page's modules are told; the browser puts a session's id in the place of SESSION."""
    session = reverse("live_session", args=[NO_SESSION])
    utterance = reverse("live_utterance", args=[NO_SESSION, 0])
    return {
        "site": str(site.uuid) if site else "",
        "socket": f"/ws/live/?site={site.uuid}&person={person_key(user)}" if site else "",
        "session": session.replace(str(NO_SESSION), "SESSION"),
        "utterance": utterance.replace(str(NO_SESSION), "SESSION"),
        "terms": f"{reverse('live_terms')}?site={site.uuid}" if site else "",
        "most_terms": settings.AUSCULT_PROMPT_TERMS,
        "curve": certainty_curve(site.pk, model) if site and model else [],
        "strings": page_strings(),
    }


def _chosen(sites: QuerySet[Site], wanted: str) -> Site | None:
    """The site of the address; the first one where the address names none that the person has."""
    try:
        chosen = sites.filter(uuid=wanted).first() if wanted else None
    except (ValueError, ValidationError):
        chosen = None
    return chosen or sites.first()


def _model(site: Site | None) -> SpeechModel | None:
    try:
        return live_model(site) if site else None
    except NotFound:
        return None
