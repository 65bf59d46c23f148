"""Which model serves a site now, and which one a new live session."""

from uuid import UUID

from django.conf import settings

from accounts.models import Site
from base.errors import NotFound
from training.models import Canary, CanaryStatus, Promotion, SpeechModel

_PARTS = 10_000  # how finely sessions are shared out


def live_promotion(site: Site | None = None) -> Promotion | None:
    """What counts at the site: its own promotion, else the default of all sites."""
    current = Promotion.objects.filter(current=True).select_related(
        "model__parent", "site", "previous__model"
    )
    own = current.filter(site=site).first() if site is not None else None
    return own or current.filter(site=None).first()


def live_model(site: Site | None = None) -> SpeechModel:
    """The site's own, else the default of all sites. Raises NotFound before the first promotion."""
    promotion = live_promotion(site)
    if promotion is None:
        raise NotFound("no_live_model", "No model is live yet. Ask an engineer to promote one.")
    return promotion.model


def running_canary(site: Site | None) -> Canary | None:
    """Of the site itself, or else of all sites where the site has no model of its own."""
    running = Canary.objects.filter(status=CanaryStatus.RUNNING).select_related("model__parent")
    own = running.filter(site=site).first()
    if own or site is None or Promotion.objects.filter(current=True, site=site).exists():
        return own
    return running.filter(site=None).first()


def model_for_session(site: Site, session: UUID) -> SpeechModel:
    """The challenger for the canary's share of sessions, what is live for the others; the same answer for
    the same session. Raises NotFound before the first promotion."""
    canary = running_canary(site)
    if canary is not None and session.int % _PARTS < canary.share * _PARTS:
        return canary.model
    return live_model(site)


def served_as(model: SpeechModel) -> tuple[str, str]:
    """-> (ref, adapter under DATA_DIR) that the engine is asked for. Asks the database for nothing: `parent`
    must have been loaded with the model.

    With AUSCULT_SERVE_ADAPTERS a model that is one adapter away from its base is served as that, so that
    sites share the base in the engine's memory; otherwise, and further away, as its merged weights.
    """
    base = model.parent if settings.AUSCULT_SERVE_ADAPTERS and model.adapter_path else None
    if base is None or base.adapter_path:
        return model.ref, ""
    return base.ref, model.adapter_path
