"""Whether a text that was just heard is to be looked at by an expert. The one place that decides it."""

from collections.abc import Sequence

from django.conf import settings

from annotation.ranking.errors import INVENTED_FLAGS, expected_errors, expected_length
from annotation.ranking.words import Heard
from annotation.selectors.calibrations import newest_fit
from annotation.selectors.candidates import near_terms
from annotation.selectors.terms import lexicon_of
from speech import types


def is_uncertain(
    *, site_id: int, model_ref: str, heard: types.Hypothesis, flags: Sequence[str], speech_ms: int
) -> bool:
    """More of its characters are expected to be wrong than AUSCULT_LIVE_UNCERTAIN_ABOVE, as corrections of
    the site have taught (else as the recogniser says itself), or it looks invented."""
    if INVENTED_FLAGS.intersection(flags):
        return True
    if not heard.text:
        return False  # nothing was heard and nothing is shown: the whole session is listened through later
    fit = newest_fit(site_id, model_ref)
    seen = Heard(heard, speech_ms, None, None, near_terms(heard, lexicon_of(site_id)))
    errors = expected_errors(seen, flags, fit.calibration if fit else None)
    return errors > settings.AUSCULT_LIVE_UNCERTAIN_ABOVE * expected_length(heard, speech_ms)
