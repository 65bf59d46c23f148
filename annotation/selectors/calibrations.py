"""What has been learned from a site's corrections, for ranking and for the marks on a page."""

from collections import Counter
from typing import Any

from django.db.models import Case, When

from annotation.models import CalibrationFit, Label, LabelStatus, Segment
from annotation.ranking.diversity import counted
from annotation.ranking.effort import PRIOR
from annotation.ranking.priority import Knowledge
from annotation.ranking.words import Heard
from annotation.selectors.candidates import near_terms, other_texts, speech_ms_of
from annotation.selectors.terms import lexicon_of
from speech.lexicon import Lexicon

NEWEST_LABELS = 3000  # more teach nothing new to a dozen weights


def newest_fit(site_id: int, model_ref: str) -> CalibrationFit | None:
    """Of this model's drafts; until there is one, of the drafts before: the features mean the same."""
    of_this_model = Case(When(model_ref=model_ref, then=0), default=1)
    return CalibrationFit.objects.filter(site=site_id).order_by(of_this_model, "-id").first()


def knowledge_of(site_id: int, model_ref: str) -> Knowledge:
    """Read once for each batch that is ranked: a fit, and the texts of the newest labels."""
    fit = newest_fit(site_id, model_ref)
    texts = list(
        Label.objects.filter(segment__site=site_id, status=LabelStatus.APPROVED)
        .order_by("-id")
        .values_list("text", flat=True)[:NEWEST_LABELS]
    )
    lexicon = lexicon_of(site_id)
    said = Counter(term.text for text in texts for term in set(lexicon.find(text)))
    return Knowledge(
        calibration=fit.calibration if fit else None,
        expert=fit.expert_time if fit else PRIOR,
        pairs=counted(texts),
        terms=said,
    )


def heard_of(segment: Segment, lexicon: Lexicon, other: str | None = None) -> Heard:
    """The draft of a segment that has one, with what was measured of its sound."""
    assert segment.hypothesis is not None
    heard = segment.hypothesis.as_heard()
    return Heard(heard, speech_ms_of(segment), segment.snr_db, other, near_terms(heard, lexicon))


def words_to_mark(segment: Segment, fit: CalibrationFit | None) -> list[dict[str, Any]]:
    """The draft's words, each with the probability of being right that may be shown: None says nothing.

    With a fit only words that it can tell to be wrong often enough keep one.
    """
    if segment.hypothesis is None:
        return []
    words = segment.hypothesis.words
    calibration = fit.calibration if fit else None
    if fit is None or calibration is None:
        return words
    other = other_texts([segment]).get(segment.pk)
    wrong = calibration.probability_wrong(heard_of(segment, lexicon_of(segment.site_id), other))
    lowest = 2.0 if fit.mark_from is None else fit.mark_from
    return [
        word | {"probability": 1 - float(p) if p >= lowest else None}
        for word, p in zip(words, wrong, strict=True)
    ]
