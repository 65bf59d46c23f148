"""What was said in a session as it counts now, and how sure of a word the page may be."""

from django.db.models import QuerySet

from annotation.selectors.calibrations import newest_fit
from inference.models import LiveSession, LiveUtterance
from inference.texts.flow import Said
from training.models import SpeechModel


def utterances_heard(session: LiveSession) -> QuerySet[LiveUtterance]:
    """In the order of speech; without those whose text is still to come."""
    return session.utterances.filter(heard_at__isnull=False).order_by("index")


def text_now(utterance: LiveUtterance) -> str:
    """What its speaker made of it, else what was heard. Put right to nothing is nothing."""
    return utterance.corrected_text if utterance.is_corrected else utterance.text


def said_in(session: LiveSession) -> list[Said]:
    return [
        Said(row.index, text_now(row), row.start_ms, row.end_ms)
        for row in utterances_heard(session).only(
            "index", "text", "corrected_text", "is_corrected", "start_ms", "end_ms"
        )
    ]


def certainty_curve(site_id: int, model: SpeechModel) -> list[tuple[float, float]]:
    """[(what the model believed, how often it was right)], rising in both: what corrections at the site have
    shown its own probabilities to be worth. Empty while nobody has corrected this model's drafts enough."""
    fit = newest_fit(site_id, model.ref)
    if fit is None or fit.model_ref != model.ref:
        return []
    points = sorted((1 - bin["believed"], 1 - bin["observed"]) for bin in fit.reliability_raw)
    best = 0.0
    curve = []
    for believed, right in points:
        best = max(best, right)
        curve.append((round(believed, 4), round(best, 4)))
    return curve
