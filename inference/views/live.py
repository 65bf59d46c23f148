"""The live page, the demo dictations that can be played on it, and what became of a session."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Site
from base.errors import Forbidden, NotFound
from inference.selectors.dictations import demo_dictation, demo_dictations
from inference.selectors.sessions import dictation_sites, knows_demo_voices_only, sessions_for_user
from inference.views.strings import page_strings
from training.models import SpeechModel
from training.selectors import live_model


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
        "config": {
            "socket": f"/ws/live/?site={site.uuid}" if site else "",
            "session": reverse("live_session", args=[UUID(int=0)]).replace(str(UUID(int=0)), "SESSION"),
            "strings": page_strings(),
        },
    }
    return render(request, "inference/live.html", context)


@require_safe
def live_demo(request: HttpRequest, number: int) -> HttpResponse:
    if not dictation_sites(request.user).exists():
        raise Forbidden("role_missing", _("You have no role at any site yet."))
    dictation = demo_dictation(number)
    if dictation is None:
        raise NotFound("dictation_unknown", _("There is no such demo dictation."))
    return HttpResponse(dictation.path.read_bytes(), content_type="audio/wav")


@require_safe
def live_session(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The page asks after the end, until the worker has stored the recording."""
    session = sessions_for_user(request.user).filter(uuid=uuid).first()
    if session is None:
        raise NotFound("session_unknown", _("There is no such session of yours."))
    recording = session.recording and reverse("recording_detail", args=[session.recording.uuid])
    return JsonResponse({"status": session.status, "recording": recording})


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
