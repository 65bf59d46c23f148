"""Ways to order the queue, one list: what the product uses and what it is measured against. PURE.

A strategy takes candidates and gives each a score, the highest first.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from math import inf

from annotation.ranking.errors import expected_errors
from annotation.ranking.priority import Candidate, Knowledge, priorities
from annotation.ranking.words import FEATURES, word_features

Strategy = Callable[[Sequence[Candidate], Knowledge, random.Random], list[float]]


def drawn_by_lot(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    return [rng.random() for _ in batch]


def least_confidence(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    """The usual one: the recogniser's mean log-probability."""
    return [-one.heard.hypothesis.avg_logprob for one in batch]


def entropy(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    """Mean entropy of the draft's words, in nats; a draft without words is the most uncertain."""
    return [
        float(word_features(one.heard)[:, FEATURES.index("entropy")].mean())
        if one.heard.hypothesis.words
        else inf
        for one in batch
    ]


def longest(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    return [float(one.duration_ms) for one in batch]


def most_errors(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    """Expected errors without asking what they cost."""
    return [expected_errors(one.heard, one.flags, known.calibration) for one in batch]


def errors_per_second(batch: Sequence[Candidate], known: Knowledge, rng: random.Random) -> list[float]:
    """The product's own: errors expected x training value over seconds, a share drawn by lot."""
    return [place.priority for place in priorities(batch, known)]


STRATEGIES: Mapping[str, Strategy] = {
    "random": drawn_by_lot,
    "least_confidence": least_confidence,
    "entropy": entropy,
    "longest": longest,
    "most_errors": most_errors,
    "errors_per_second": errors_per_second,
}
