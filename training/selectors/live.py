"""Which model serves a site now."""

from accounts.models import Site
from base.errors import NotFound
from training.models import Promotion, SpeechModel


def live_promotion(site: Site | None = None) -> Promotion | None:
    """What counts at the site: its own promotion, else the default of all sites."""
    current = Promotion.objects.filter(current=True).select_related("model", "site", "previous__model")
    own = current.filter(site=site).first() if site is not None else None
    return own or current.filter(site=None).first()


def live_model(site: Site | None = None) -> SpeechModel:
    """The site's own, else the default of all sites. Raises NotFound before the first promotion."""
    promotion = live_promotion(site)
    if promotion is None:
        raise NotFound("no_live_model", "No model is live yet. Ask an engineer to promote one.")
    return promotion.model
