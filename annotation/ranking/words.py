"""What is known of each word of a draft, as numbers; and, once a person has corrected it, which were wrong.

PURE. The features are those that a correction can be learned from on the day it comes: nothing here looks
at the sound again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from speech.lexicon import NearMiss
from speech.metrics import align
from speech.text import characters, tokens
from speech.types import Hypothesis, Word

FEATURES = (
    "log_odds",  # of the recogniser's own probability of the word
    "neighbours_log_odds",  # of the words beside it: an error seldom comes alone
    "entropy",  # of its least certain token, in nats
    "margin",  # of its least certain token, ahead of the second choice
    "disputed",  # another model heard something else here: 1, the same: 0, no other model: 1/2
    "near_term",  # nearly a term of the site's lexicon, but none
    "latin",
    "language_switch",  # beside a word of the other script
    "log_characters",
    "log_ms_per_character",
    "segment_logprob",
    "no_speech",
    "compression",
    "log_characters_per_s",  # of the whole draft
    "noise",  # 0 where nothing is heard of it, 1 at 0 dB
)
_MOST_LOG_ODDS = 7.0
_MOST_ENTROPY = 8.0
_MOST_COMPRESSION = 4.0
_LATIN = re.compile(r"[A-Za-z]")
_CLEAR_DB = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A draft with what was measured of its sound, and what else is known of its words.

    `other` is what another model heard in the same sound, `near_terms` where words are nearly terms of the
    site's lexicon (`speech.lexicon.Lexicon.near_misses`).
    """

    hypothesis: Hypothesis
    speech_ms: int
    snr_db: float | None = None
    other: str | None = None
    near_terms: tuple[NearMiss, ...] = ()


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
    hypothesis = heard.hypothesis
    compression = min(hypothesis.compression_ratio, _MOST_COMPRESSION)
    whole = np.array([hypothesis.avg_logprob, hypothesis.no_speech_prob, compression, rate, noise])
    return np.column_stack(
        [
            odds,
            (_before(odds) + _after(odds)) / 2,
            [_entropy(word) for word in words],
            [_margin(word) for word in words],
            _disputed(heard),
            _near_terms(heard),
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


def _entropy(word: Word) -> float:
    """Of an older draft nothing is stored of it: that of two choices with the word's probability."""
    if word.entropy is not None:
        return min(word.entropy, _MOST_ENTROPY)
    inside = min(max(0.5 if word.probability is None else word.probability, 1e-6), 1 - 1e-6)
    return -inside * log(inside) - (1 - inside) * log(1 - inside)


def _margin(word: Word) -> float:
    margin = _log_odds(word.probability) if word.margin is None else word.margin
    return float(np.clip(margin, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))


def _disputed(heard: Heard) -> np.ndarray:
    if heard.other is None:
        return np.full(len(heard.hypothesis.words), 0.5)
    return wrong_words(heard.hypothesis, heard.other)[0].astype(float)


def _near_terms(heard: Heard) -> np.ndarray:
    """(words,): 1 where a near miss stands. Near misses count in tokens, of which a word may hold several."""
    ends = np.cumsum([len(tokens(word.text)) for word in heard.hypothesis.words])
    near = np.zeros(len(ends))
    for miss in heard.near_terms:
        first = int(np.searchsorted(ends, miss.start, side="right"))
        last = int(np.searchsorted(ends, miss.end - 1, side="right"))
        near[first : last + 1] = 1.0
    return near


def _before(values: np.ndarray) -> np.ndarray:
    """The value of the word before; the first word is its own neighbour."""
    return np.concatenate([values[:1], values[:-1]])


def _after(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values[1:], values[-1:]])


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Word features of many drafts under each other: (all words, features)."""
    return np.concatenate(parts) if parts else np.zeros((0, len(FEATURES)))
