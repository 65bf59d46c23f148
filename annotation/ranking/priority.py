"""The stored priority of a segment, with everything that a person may ask about it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from annotation.ranking import diversity
from annotation.ranking.calibration import Calibration
from annotation.ranking.effort import PRIOR, ExpertTime
from annotation.ranking.errors import expected_errors, expected_length, probability_wrong
from annotation.ranking.reasons import Reason, reasons_for
from annotation.ranking.words import Heard

# Active learning sometimes loses to chance (arXiv 2601.13677), so a share of the segments is drawn by lot:
# it shows what the ranking is worth, and it is the only unbiased sample of what comes in.
RANDOM_SHARE = 0.05
# The lot draws its place in the queue evenly from here; about the best rate that the ranking gives.
BEST_ERRORS_PER_S = 0.6
DOUBTFUL_FROM = 0.5  # probability of being wrong


@dataclass(frozen=True, slots=True)
class Candidate:
    """One drafted segment. `key` decides the lot and stays the same for the life of the segment."""

    key: str
    heard: Heard
    flags: Sequence[str]
    duration_ms: int


class Priority(NamedTuple):
    priority: float
    expected_errors: float
    expected_seconds: float
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What corrections have taught so far: how often words are wrong, and how long experts take."""

    calibration: Calibration | None = None
    expert: ExpertTime = PRIOR


NOTHING_YET = Knowledge()


def priorities(batch: Sequence[Candidate], known: Knowledge = NOTHING_YET) -> list[Priority]:
    """One recording's candidates, in order; repeated drafts among them lose weight."""
    twins = diversity.earlier_twins([candidate.heard.hypothesis.text for candidate in batch])
    return [priority(one, known, count) for one, count in zip(batch, twins, strict=True)]


def priority(one: Candidate, known: Knowledge = NOTHING_YET, twins: int = 0) -> Priority:
    """Expected errors removed per expert second, or a place drawn by lot."""
    errors = expected_errors(one.heard, one.flags, known.calibration)
    length = expected_length(one.heard.hypothesis, one.heard.speech_ms)
    seconds = known.expert.seconds(one.duration_ms, errors, length)
    doubtful = int((probability_wrong(one.heard, known.calibration) > DOUBTFUL_FROM).sum())
    reasons = reasons_for(one.heard, one.flags, errors, doubtful)
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
