"""Which models a person may have a segment heard with."""

from django.db.models import Q

from accounts.models import Site
from annotation.models import Segment
from base.errors import NotFound
from training.models import Promotion, SpeechModel, SpeechModelKind
from training.selectors import live_model

MOST = 6


def models_to_hear(site: Site) -> list[SpeechModel]:
    """What is live at the site first, then the newest of the bases and of what was ever live there."""
    try:
        live = live_model(site)
    except NotFound:
        return []
    promoted = Promotion.objects.filter(Q(site=site) | Q(site=None)).values("model")
    others = SpeechModel.objects.filter(Q(kind=SpeechModelKind.BASE) | Q(pk__in=promoted)).exclude(pk=live.pk)
    return [live, *others.order_by("-id")[: MOST - 1]]


def model_to_hear(segment: Segment, uuid: str) -> SpeechModel:
    """The live one when none is named. Raises NotFound."""
    if not uuid:
        return live_model(segment.recording.site)
    for model in models_to_hear(segment.recording.site):
        if str(model.uuid) == uuid:
            return model
    raise NotFound("model_unknown", "There is no such model for this site.")
