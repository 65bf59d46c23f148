"""What has been learned from a site's corrections, for ranking and for the marks on a page."""

from typing import Any

from annotation.models import CalibrationFit, Segment
from annotation.ranking.priority import NOTHING_YET, Knowledge
from annotation.ranking.words import Heard


def newest_fit(site_id: int, model_ref: str) -> CalibrationFit | None:
    """Of this model's drafts; until there is one, of the drafts before: the features mean the same."""
    fits = CalibrationFit.objects.filter(site=site_id)
    return fits.filter(model_ref=model_ref).first() or fits.first()


def knowledge_of(site_id: int, model_ref: str) -> Knowledge:
    fit = newest_fit(site_id, model_ref)
    return NOTHING_YET if fit is None else Knowledge(fit.calibration, fit.expert_time)


def heard_of(segment: Segment) -> Heard:
    """The draft of a segment that has one, with what was measured of its sound."""
    assert segment.hypothesis is not None
    speech_ms = segment.duration_ms if segment.speech_ms is None else segment.speech_ms
    return Heard(segment.hypothesis.as_heard(), speech_ms, segment.snr_db)


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
    wrong = calibration.probability_wrong(heard_of(segment))
    lowest = 2.0 if fit.mark_from is None else fit.mark_from
    return [
        word | {"probability": 1 - float(p) if p >= lowest else None}
        for word, p in zip(words, wrong, strict=True)
    ]
