"""The stored priority of a segment, with everything that a person may ask about it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from annotation.ranking import diversity
from annotation.ranking.effort import PRIOR, ExpertTime
from annotation.ranking.errors import expected_errors, expected_length
from annotation.ranking.reasons import Reason, reasons_for
from speech.types import Hypothesis

# Active learning sometimes loses to chance (arXiv 2601.13677), so a share of the segments is drawn by lot:
# it shows what the ranking is worth, and it is the only unbiased sample of what comes in.
RANDOM_SHARE = 0.05
# The lot draws its place in the queue evenly from here; about the best rate that the ranking gives.
BEST_ERRORS_PER_S = 0.6


@dataclass(frozen=True, slots=True)
class Candidate:
    """One drafted segment. `key` decides the lot and stays the same for the life of the segment."""

    key: str
    hypothesis: Hypothesis
    flags: Sequence[str]
    duration_ms: int
    speech_ms: int
    snr_db: float | None = None


class Priority(NamedTuple):
    priority: float
    expected_errors: float
    expected_seconds: float
    reasons: list[Reason]


def priorities(batch: Sequence[Candidate], expert: ExpertTime = PRIOR) -> list[Priority]:
    """One recording's candidates, in order; repeated drafts among them lose weight."""
    twins = diversity.earlier_twins([candidate.hypothesis.text for candidate in batch])
    return [priority(one, expert, count) for one, count in zip(batch, twins, strict=True)]


def priority(one: Candidate, expert: ExpertTime = PRIOR, twins: int = 0) -> Priority:
    """Expected errors removed per expert second, or a place drawn by lot."""
    errors = expected_errors(one.hypothesis, one.flags, one.speech_ms)
    length = expected_length(one.hypothesis, one.speech_ms)
    seconds = expert.seconds(one.duration_ms, errors, length)
    reasons = reasons_for(one.hypothesis, one.flags, one.speech_ms, errors, one.snr_db)
    rate = errors / seconds * diversity.weight(twins)
    if twins:
        reasons.append({"code": "seen_before", "count": twins})
    lot = _lot(one.key)
    if lot < RANDOM_SHARE:
        rate = lot / RANDOM_SHARE * BEST_ERRORS_PER_S
        reasons.append({"code": "random_sample"})
    return Priority(rate, errors, seconds, reasons)


def _lot(key: str) -> float:
    """A number in [0, 1) that depends on nothing but the key, so that a new model does not draw again."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
