"""What has been learned from a site's corrections, for ranking and for the marks on a page."""

from collections import Counter
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Case, QuerySet, When

from annotation.models import CalibrationFit, Label, LabelStatus, Segment
from annotation.ranking.diversity import counted
from annotation.ranking.effort import PRIOR
from annotation.ranking.priority import Knowledge
from annotation.ranking.words import Heard
from annotation.selectors.candidates import near_terms, other_texts, speech_ms_of
from annotation.selectors.terms import lexicon_of, lexicon_token
from speech.lexicon import Lexicon

NEWEST_LABELS = 3000  # more teach nothing new to a dozen weights


def newest_fit(site_id: int, model_ref: str) -> CalibrationFit | None:
    """Of this model's drafts; until there is one, of the drafts before: the features mean the same."""
    of_this_model = Case(When(model_ref=model_ref, then=0), default=1)
    return CalibrationFit.objects.filter(site=site_id).order_by(of_this_model, "-id").first()


def knowledge_of(site_id: int, model_ref: str) -> Knowledge:
    """A fit, and what the newest labels say."""
    fit = newest_fit(site_id, model_ref)
    newest = _approved(site_id).values_list("uuid", flat=True).first()
    pairs, terms = _said(site_id, newest, lexicon_token(site_id)) if newest else (Counter(), Counter())
    return Knowledge(
        calibration=fit.calibration if fit else None,
        expert=fit.expert_time if fit else PRIOR,
        pairs=pairs,
        terms=terms,
    )


@lru_cache(maxsize=16)
def _said(site_id: int, newest: UUID, lexicon: UUID | None) -> tuple[Counter[str], Counter[str]]:
    """-> (pairs of words, terms), each with the texts that hold it. Kept until a label or a term is new."""
    texts = list(_approved(site_id).values_list("text", flat=True)[:NEWEST_LABELS])
    find = lexicon_of(site_id).find
    return counted(texts), Counter(term.text for text in texts for term in set(find(text)))


def _approved(site_id: int) -> QuerySet[Label]:
    return Label.objects.filter(segment__site=site_id, status=LabelStatus.APPROVED).order_by("-id")


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
