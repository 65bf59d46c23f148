"""What is known of each word of a draft, as numbers; and, once a person has corrected it, which were wrong.

PURE. The features are those that a correction can be learned from on the day it comes: nothing here looks
at the sound again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from speech.metrics import align
from speech.text import characters
from speech.types import Hypothesis

FEATURES = (
    "log_odds",  # of the recogniser's own probability of the word
    "neighbours_log_odds",  # of the words beside it: an error seldom comes alone
    "latin",
    "language_switch",  # beside a word of the other script
    "log_characters",
    "log_ms_per_character",
    "segment_logprob",
    "no_speech",
    "log_characters_per_s",  # of the whole draft
    "noise",  # 0 where nothing is heard of it, 1 at 0 dB
)
_MOST_LOG_ODDS = 7.0
_LATIN = re.compile(r"[A-Za-z]")
_CLEAR_DB = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A draft with what was measured of its sound."""

    hypothesis: Hypothesis
    speech_ms: int
    snr_db: float | None = None


def word_features(heard: Heard) -> np.ndarray:
    """-> (words, features), finite; a word without a probability counts as even odds."""
    words = heard.hypothesis.words
    if not words:
        return np.zeros((0, len(FEATURES)))
    odds = np.array([_log_odds(word.probability) for word in words])
    latin = np.array([bool(_LATIN.search(word.text)) for word in words], dtype=float)
    sizes = np.array([max(1, len(characters(word.text))) for word in words], dtype=float)
    lengths_ms = np.array([max(20, word.end_ms - word.start_ms) for word in words], dtype=float)
    said = len(characters(heard.hypothesis.text))
    rate = log(max(0.2, 1000 * said / max(1, heard.speech_ms)))
    noise = 0.0 if heard.snr_db is None else float(np.clip(1 - heard.snr_db / _CLEAR_DB, 0.0, 1.0))
    whole = np.array([heard.hypothesis.avg_logprob, heard.hypothesis.no_speech_prob, rate, noise])
    return np.column_stack(
        [
            odds,
            (_before(odds) + _after(odds)) / 2,
            latin,
            np.maximum(np.abs(latin - _before(latin)), np.abs(latin - _after(latin))),
            np.log(sizes),
            np.log(lengths_ms / sizes),
            np.tile(whole, (len(words), 1)),
        ]
    )


def wrong_words(hypothesis: Hypothesis, reference: str) -> tuple[np.ndarray, int]:
    """-> (words,) bool, and how many characters of the reference no word stands for (deletions).

    A word is wrong when any of its characters is replaced or was not said.
    """
    owners = [i for i, word in enumerate(hypothesis.words) for _ in characters(word.text)]
    heard = "".join(characters(word.text) for word in hypothesis.words)
    wrong = np.zeros(len(hypothesis.words), dtype=bool)
    missing = at = 0
    for step, _, own in align(list(characters(reference)), list(heard)):
        if own is None:
            missing += 1
            continue
        if step != "equal":
            wrong[owners[at]] = True
        at += 1
    return wrong, missing


def sizes(hypothesis: Hypothesis) -> np.ndarray:
    """Characters of each word: (words,)."""
    return np.array([max(1, len(characters(word.text))) for word in hypothesis.words], dtype=float)


def raw_probability_wrong(hypothesis: Hypothesis) -> np.ndarray:
    """(words,): what the recogniser itself believes; even odds where it says nothing."""
    return np.array([0.5 if w.probability is None else 1 - w.probability for w in hypothesis.words])


def _log_odds(probability: float | None) -> float:
    if probability is None:
        return 0.0
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.clip(log(inside / (1 - inside)), -_MOST_LOG_ODDS, _MOST_LOG_ODDS))


def _before(values: np.ndarray) -> np.ndarray:
    """The value of the word before; the first word is its own neighbour."""
    return np.concatenate([values[:1], values[:-1]])


def _after(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values[1:], values[-1:]])


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Word features of many drafts under each other: (all words, features)."""
    return np.concatenate(parts) if parts else np.zeros((0, len(FEATURES)))
