"""How many seconds of an expert a segment costs.

Linear in listening and editing (Sperber et al. 2014), except that a draft with many errors is typed anew
rather than repaired (Sperber et al., LREC 2016; Gaur et al., W4A 2016: editing wins below about 30 %).
Corrected by what each expert really took ("Transcribing Against Time", arXiv 1709.05227).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

# How far an expert may be from the prior, as a share of each figure; and what one segment adds by chance.
PRIOR_SPREAD = 0.5
SCATTER = 0.4


@dataclass(frozen=True, slots=True)
class ExpertTime:
    """One expert's pace. The defaults are a prior, fitted to measured time by `fit_time`."""

    overhead_s: float = 3.0  # find the place, read, decide, submit
    listening_factor: float = 1.3  # once through, and a third of it again
    seconds_per_edit: float = 1.5  # see the character, reach it, put it right
    seconds_per_typed: float = 0.6  # pinyin or bopomofo on a clean line

    def seconds(self, duration_ms: int, errors: float, length: float) -> float:
        """`errors` to expect in a draft whose true text has about `length` characters."""
        editing_s = min(self.seconds_per_edit * errors, self.seconds_per_typed * max(length, 0.0))
        return self.overhead_s + self.listening_factor * duration_ms / 1000 + editing_s

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one correction took: time at work on an utterance, and the edits that were made."""

    active_ms: int
    duration_ms: int
    edits: float
    length: float  # characters of the true text


PRIOR = ExpertTime()


def fit_time(spent: Sequence[Spent], prior: ExpertTime = PRIOR) -> ExpertTime:
    """The pace that the corrections show, drawn to the prior: with none of them it is the prior.

    Least squares on time relative to what the prior expects, so that long segments do not drown short
    ones; a segment that took over five times as long was left lying and is left out. Never negative.
    """
    pace = prior
    for _ in range(3):  # whether a draft was edited or typed anew depends on the pace itself
        kept = [s for s in spent if 0 < s.active_ms < 5000 * prior.seconds(s.duration_ms, s.edits, s.length)]
        if not kept:
            return prior
        pace = _solve(kept, pace, prior)
    return pace


def _solve(spent: Sequence[Spent], pace: ExpertTime, prior: ExpertTime) -> ExpertTime:
    rows, times = [], []
    for one in spent:
        edited = pace.seconds_per_edit * one.edits <= pace.seconds_per_typed * one.length
        parts = (one.edits, 0.0) if edited else (0.0, one.length)
        row = np.array([1.0, one.duration_ms / 1000, *parts])
        scale = SCATTER * prior.seconds(one.duration_ms, one.edits, one.length)
        rows.append(row / scale)
        times.append(one.active_ms / 1000 / scale)
    before = np.array(list(prior.as_dict().values()))
    pull = np.diag(1 / (PRIOR_SPREAD * before))
    system = np.vstack([*rows, pull])
    target = np.concatenate([times, np.full(len(before), 1 / PRIOR_SPREAD)])
    found = np.linalg.lstsq(system, target, rcond=None)[0]
    return ExpertTime(*(float(value) for value in np.clip(found, 0.1 * before, 10 * before)))
