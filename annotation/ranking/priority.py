"""The stored priority of a segment, with everything that a person may ask about it.

Expected errors removed x training value / expected seconds. The value falls with what is known already
(`diversity`) and rises with rare terms of the site's lexicon.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

from annotation.ranking.calibration import Calibration
from annotation.ranking.diversity import Crowd
from annotation.ranking.effort import PRIOR, ExpertTime
from annotation.ranking.errors import expected_errors, expected_length, probability_wrong
from annotation.ranking.reasons import Reason, reasons_for
from annotation.ranking.words import Heard
from speech.lexicon import Term

# Active learning sometimes loses to chance (arXiv 2601.13677), so a share of the segments is drawn by lot:
# it shows what the ranking is worth, and it is the only unbiased sample of what comes in.
RANDOM_SHARE = 0.05
# The lot draws its place in the queue evenly from here; about the best rate that the ranking gives.
BEST_ERRORS_PER_S = 0.6
DOUBTFUL_FROM = 0.5  # probability of being wrong
RARE_TERM_VALUE = 0.25  # what a term that was hardly corrected yet adds to the value of its segment
RARE_BELOW = 3  # corrections in which it stands
MOST_RARE_TERMS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One drafted segment. `key` decides the lot and stays the same for the life of the segment.

    `groups`: whom to spread a batch over, such as its speaker and its department.
    """

    key: str
    heard: Heard
    flags: Sequence[str]
    duration_ms: int
    groups: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()  # of the lexicon that its draft names


class Priority(NamedTuple):
    priority: float
    expected_errors: float
    expected_seconds: float
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What corrections have taught so far: how often words are wrong, how long experts take, and in how many
    corrected texts each pair of words (`diversity.pairs_of`) and each term stands."""

    calibration: Calibration | None = None
    expert: ExpertTime = PRIOR
    pairs: Mapping[str, int] = field(default_factory=dict)
    terms: Mapping[str, int] = field(default_factory=dict)


NOTHING_YET = Knowledge()


def priorities(batch: Sequence[Candidate], known: Knowledge = NOTHING_YET) -> list[Priority]:
    """In the order of the batch; the same for each candidate in whatever order they come.

    Greedy: the best is taken first, and what it says and who says it counts less for all that are left.
    """
    alone = [priority(one, known) for one in batch]
    crowd = Crowd(known.pairs)
    places = list(alone)
    for index, now in _best_first(batch, alone, crowd):
        text = batch[index].heard.hypothesis.text
        twins = crowd.twins(text)
        crowd.add(text, batch[index].groups)
        if not is_drawn_by_lot(batch[index].key):
            again: list[Reason] = [{"code": "seen_before", "count": twins}] if twins else []
            places[index] = alone[index]._replace(priority=now, reasons=[*alone[index].reasons, *again])
    return places


def _best_first(
    batch: Sequence[Candidate], alone: Sequence[Priority], crowd: Crowd
) -> Iterator[tuple[int, float]]:
    """Positions with the priority that is left of each, while the caller fills the crowd.

    A weight never rises, so only what stands first is weighed anew (lazy greedy, Minoux 1978).
    """
    waiting = [(-alone[index].priority, one.key, index) for index, one in enumerate(batch)]
    heapify(waiting)
    while waiting:
        _, key, index = waiting[0]
        share = 1.0
        if not is_drawn_by_lot(key):
            share = crowd.weight(batch[index].heard.hypothesis.text, batch[index].groups)
        now = alone[index].priority * share
        heapreplace(waiting, (-now, key, index))
        if waiting[0][2] == index:
            heappop(waiting)
            yield index, now


def priority(one: Candidate, known: Knowledge = NOTHING_YET) -> Priority:
    """Of a segment by itself: expected errors x value per expert second, or a place drawn by lot."""
    errors = expected_errors(one.heard, one.flags, known.calibration)
    length = expected_length(one.heard.hypothesis, one.heard.speech_ms)
    seconds = known.expert.seconds(one.duration_ms, errors, length)
    doubtful = int((probability_wrong(one.heard, known.calibration) > DOUBTFUL_FROM).sum())
    rare = rare_terms(one, known)
    reasons = reasons_for(one.heard, one.flags, errors, doubtful, rare)
    rate = errors / seconds * (1 + RARE_TERM_VALUE * min(len(rare), MOST_RARE_TERMS))
    if is_drawn_by_lot(one.key):
        rate = _lot(one.key) / RANDOM_SHARE * BEST_ERRORS_PER_S
        reasons.append({"code": "random_sample"})
    return Priority(rate, errors, seconds, reasons)


def rare_terms(one: Candidate, known: Knowledge) -> list[str]:
    """Terms that the draft names or nearly names and that hardly any correction holds yet, each once."""
    named = [*(miss.term.text for miss in one.heard.near_terms), *(term.text for term in one.terms)]
    return [term for term in dict.fromkeys(named) if known.terms.get(term, 0) < RARE_BELOW]


def is_drawn_by_lot(key: str) -> bool:
    return _lot(key) < RANDOM_SHARE


def _lot(key: str) -> float:
    """A number in [0, 1) that depends on nothing but the key, so that a new model does not draw again."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
