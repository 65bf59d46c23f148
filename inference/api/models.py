"""GET /v1/models: what a key may have its sound heard with. Ids do not change; `auscult-live` is whatever
serves the site now."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from accounts.models import Site
from base.errors import NotFound
from inference.api.access import Door
from inference.selectors.callers import Caller
from inference.selectors.ears import models_to_hear
from training.models import SpeechModel
from training.selectors import live_model

LIVE = "auscult-live"
# Clients come with these written into them: they mean "the one there is".
VENDOR_NAMES = frozenset(
    {
        "whisper-1",
        "gpt-transcribe",
        "gpt-live-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-realtime-whisper",
    }
)


@Door("GET")
def models(request: HttpRequest, caller: Caller) -> JsonResponse:
    return JsonResponse({"object": "list", "data": _listed(caller.site)})


@Door("GET")
def model(request: HttpRequest, caller: Caller, name: str) -> JsonResponse:
    found = model_named(caller.site, name)
    return JsonResponse(_shown(found, caller.site, name))


def model_named(site: Site, name: str) -> SpeechModel:
    """Raises NotFound."""
    if not name or name == LIVE or name in VENDOR_NAMES:
        return live_model(site)
    for found in models_to_hear(site):
        if str(found.uuid) == name:
            return found
    message = _("There is no model “%(name)s” for this site; GET /v1/models lists them.")
    raise NotFound("model_not_found", message % {"name": name}, param="model")


def _listed(site: Site) -> list[dict[str, Any]]:
    own = models_to_hear(site)
    return [*(_shown(own[0], site, LIVE) for _first in own[:1]), *(_shown(m, site) for m in own)]


def _shown(found: SpeechModel, site: Site, name: str = "") -> dict[str, Any]:
    """`name` and `kind` are ours; OpenAI's clients pass over what they do not know."""
    return {
        "id": name or str(found.uuid),
        "object": "model",
        "created": int(found.created_at.timestamp()),
        "owned_by": site.slug,
        "name": found.name,
        "kind": found.kind,
    }
