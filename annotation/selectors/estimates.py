"""Estimates with their intervals: the lift of the queue, and how far each expert's texts can be trusted."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, F, Sum

from accounts.models import User
from annotation.models import ReadingPurpose
from annotation.selectors.outcome import (
    BY_LOT,
    RANKED,
    Wanted,
    labels_for_outcome,
    readings_for_outcome,
)
from speech.metrics import ErrorCount, bootstrap_interval, total

# Labels are thrown into so many heaps before they are drawn from: an interval costs the same for a hundred
# thousand labels as for a thousand, and as consecutive labels lie in different heaps it stays what it was.
HEAPS = 400
DRAWS = 1000
FEWEST_BY_LOT = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` with its 95 % interval, from `count` of something."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Trust:
    """What second readers and gold texts say of one expert; None where there is nothing yet."""

    expert: str
    disagreement: Estimate | None
    gold: Estimate | None


def lift(user: User, wanted: Wanted) -> Estimate | None:
    """Errors removed per minute of ranked segments over those drawn by lot; None until both have some."""
    heaps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    rows = (
        labels_for_outcome(user, wanted)
        .annotate(heap=F("pk") % HEAPS)
        .order_by()
        .values_list("arm", "heap")
        .annotate(Sum("errors_removed"), Sum("active_edit_ms"), Count("pk"))
    )
    for arm, _, errors, active_ms, labels in rows:
        heaps[arm].append((errors, active_ms))
        count[arm] += labels
    if count[BY_LOT] < FEWEST_BY_LOT or not count[RANKED]:
        return None
    ranked, drawn = (np.array(heaps[arm], dtype=float) for arm in (RANKED, BY_LOT))
    if not (ranked[:, 1].sum() and drawn.sum(axis=0).all()):
        return None
    rng = np.random.default_rng(0)
    ratios = _rates(ranked, rng) / np.maximum(_rates(drawn, rng), 1e-12)
    low, high = np.percentile(ratios, [2.5, 97.5])
    value = _rate(ranked.sum(axis=0)) / _rate(drawn.sum(axis=0))
    return Estimate(float(value), float(low), float(high), count[BY_LOT])


def trust_of_experts(user: User, wanted: Wanted) -> list[Trust]:
    """By name; resampled over readings."""
    counts: dict[str, dict[str, list[ErrorCount]]] = defaultdict(lambda: defaultdict(list))
    rows = readings_for_outcome(user, wanted).order_by("person", "id")  # type: ignore[misc]
    for person, purpose, errors, length in rows.values_list("person", "purpose", "errors", "length"):  # type: ignore[misc]
        counts[person][purpose].append(ErrorCount(substitutions=errors, reference_length=length))
    return [
        Trust(person, _estimate(own[ReadingPurpose.DOUBLE]), _estimate(own[ReadingPurpose.GOLD]))
        for person, own in counts.items()
    ]


def _estimate(counts: list[ErrorCount]) -> Estimate | None:
    if not counts:
        return None
    low, high = bootstrap_interval(counts, draws=DRAWS)
    return Estimate(total(counts).rate, low, high, len(counts))


def _rates(heaps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Errors per millisecond of DRAWS resamples: (draws,)."""
    weights = rng.multinomial(len(heaps), np.full(len(heaps), 1 / len(heaps)), size=DRAWS)
    sums = weights @ heaps
    return sums[:, 0] / np.maximum(sums[:, 1], 1.0)


def _rate(sums: np.ndarray) -> float:
    return float(sums[0] / max(sums[1], 1.0))
