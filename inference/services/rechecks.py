"""The live model hears corrected segments again, so that labels which it contradicts come back for a look."""

from accounts.models import Site
from annotation.selectors import segments_to_hear_again
from annotation.services.doubts import label_doubts_find
from inference.services.drafts import hear
from training.selectors import live_model

LABELS_A_ROUND = 500  # the newest first; the next round goes on


def labels_recheck(*, site: Site) -> int:
    """-> how many labels come back. The drafts that experts saw stay as they are."""
    model = live_model(site)
    hear(segments_to_hear_again(site, model.ref, LABELS_A_ROUND), model, site)
    return label_doubts_find(site=site, model_ref=model.ref, most=LABELS_A_ROUND)
