"""How likely a word is wrong, learned from what experts have corrected. PURE but for scikit-learn.

A recogniser's probabilities are far too sure (feasible only as an order, arXiv 2212.08703), so they are
one feature of a logistic regression among others. Every figure of a fit comes from folds that hold whole
recordings out: a fit never judges words of a recording that it has seen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from annotation.ranking.words import (
    FEATURES,
    Heard,
    raw_probability_wrong,
    stacked,
    word_features,
    wrong_words,
)

MIN_WORDS, MIN_WRONG, MIN_RECORDINGS = 200, 20, 3
FOLDS = 5
BINS = 10
STRENGTH = 1.0  # of the pull towards zero, on features of unit variance
# What is coloured: of all such words at least so many are wrong, and none is less doubtful than that.
MIN_PRECISION = 0.6
LEAST_DOUBT = 0.35


@dataclass(frozen=True, slots=True)
class Corrected:
    """A draft and what an expert made of it. `group` (the recording) is never split between folds."""

    heard: Heard
    reference: str
    group: str


@dataclass(frozen=True, slots=True)
class Bin:
    """Words of like probability: what was said of them and what came true."""

    believed: float
    observed: float
    words: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the features and the share of missed characters that the speaking rate explains."""

    weights: tuple[float, ...]
    bias: float
    missing_factor: float = 1.0

    def probability_wrong(self, heard: Heard) -> np.ndarray:
        """(words,) in [0, 1]."""
        return _sigmoid(word_features(heard) @ np.array(self.weights) + self.bias)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Calibration | None":
        """None for one that was made of other features."""
        if len(stored.get("weights", ())) != len(FEATURES):
            return None
        return cls(tuple(stored["weights"]), stored["bias"], stored.get("missing_factor", 1.0))


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration with its figures, all held out. ECE: expected calibration error, 0 is perfect."""

    calibration: Calibration
    words: int
    wrong: int
    ece: float
    ece_raw: float
    auc: float
    auc_raw: float
    reliability: list[Bin]
    reliability_raw: list[Bin]
    mark_from: float | None  # colour words from this probability on; None: none can be told well enough


def fit(corrected: Sequence[Corrected], missing_expected: float, seed: int = 0) -> Fit | None:
    """None while there is too little to learn from. `missing_expected`: characters that the speaking rate
    says were left out of all these drafts (`errors.missing_characters`)."""
    from sklearn.metrics import roc_auc_score  # slow to import, and of no use to a web process
    from sklearn.model_selection import GroupKFold

    outcomes = [wrong_words(one.heard.hypothesis, one.reference) for one in corrected]
    features = stacked([word_features(one.heard) for one in corrected])
    wrong = np.concatenate([words for words, _ in outcomes]) if outcomes else np.zeros(0, bool)
    groups = np.repeat([one.group for one in corrected], [len(words) for words, _ in outcomes])
    recordings = len(np.unique(groups))
    if len(wrong) < MIN_WORDS or not MIN_WRONG <= wrong.sum() < len(wrong) or recordings < MIN_RECORDINGS:
        return None
    raw = np.concatenate([raw_probability_wrong(one.heard.hypothesis) for one in corrected])
    held_out = np.zeros(len(wrong))
    folds = GroupKFold(min(FOLDS, recordings), shuffle=True, random_state=seed)
    for train, test in folds.split(features, wrong, groups):
        weights, bias = _regression(features[train], wrong[train])
        held_out[test] = _sigmoid(features[test] @ weights + bias)
    weights, bias = _regression(features, wrong)
    missing = sum(count for _, count in outcomes)
    # Half of the expectation is kept: few corrections must not switch the look for left out words off.
    factor = 0.5 + 0.5 * float(np.clip(missing / max(missing_expected, 1.0), 0.2, 3.0))
    return Fit(
        calibration=Calibration(tuple(float(w) for w in weights), float(bias), factor),
        words=len(wrong),
        wrong=int(wrong.sum()),
        ece=expected_calibration_error(held_out, wrong),
        ece_raw=expected_calibration_error(raw, wrong),
        auc=float(roc_auc_score(wrong, held_out)),
        auc_raw=float(roc_auc_score(wrong, raw)),
        reliability=reliability(held_out, wrong),
        reliability_raw=reliability(raw, wrong),
        mark_from=mark_from(held_out, wrong),
    )


def _regression(features: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights on the features as they are, fitted on features of unit variance."""
    from sklearn.linear_model import LogisticRegression

    if wrong.all() or not wrong.any():  # a fold without either kind knows the rate alone
        share = (wrong.sum() + 0.5) / (len(wrong) + 1)
        return np.zeros(features.shape[1]), float(np.log(share / (1 - share)))
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < 1e-9] = 1.0
    model = LogisticRegression(C=1 / STRENGTH, max_iter=500).fit((features - mean) / spread, wrong)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - mean @ weights)


def reliability(believed: np.ndarray, wrong: np.ndarray) -> list[Bin]:
    """At most BINS bins with equally many words each, from sure to doubtful."""
    order = np.argsort(believed, kind="stable")
    return [
        Bin(float(believed[part].mean()), float(wrong[part].mean()), len(part))
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def expected_calibration_error(believed: np.ndarray, wrong: np.ndarray) -> float:
    """Mean distance of belief and outcome over the bins of `reliability`, weighted by words."""
    bins = reliability(believed, wrong)
    return sum(abs(b.believed - b.observed) * b.words for b in bins) / max(1, len(wrong))


def mark_from(believed: np.ndarray, wrong: np.ndarray) -> float | None:
    """The lowest probability from which on MIN_PRECISION of the words are wrong, of 20 words or more."""
    order = np.argsort(-believed, kind="stable")
    precision = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero((precision >= MIN_PRECISION) & (np.arange(len(order)) >= 19))
    return max(LEAST_DOUBT, float(believed[order[good[-1]]])) if len(good) else None


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))
