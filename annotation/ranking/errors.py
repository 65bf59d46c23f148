"""How many character errors a draft is expected to hold.

The recogniser's own probabilities see substitutions and insertions; they are blind to words that were
left out and too sure of invented text. The speaking rate and the flags supply those two. Deletions count
in full because they hurt training most (arXiv 2112.00350). Once experts have corrected enough, a calibration
knows better than the recogniser how often its words are wrong.
"""

from collections.abc import Sequence

import numpy as np

from annotation.ranking.calibration import Calibration
from annotation.ranking.words import Heard, raw_probability_wrong, sizes
from speech import confidence
from speech.text import characters
from speech.types import Hypothesis

TYPICAL_CPS = 4.5  # characters per second of speech, hanzi and Latin letters mixed
SPARSE_CPS = 2.0  # fewer than this, and something was probably left out
INVENTED_SHARE = 0.6  # of the characters of a draft that is flagged as invented
INVENTED_FLAGS = frozenset({"repetition", "impossible_rate", "known_phrase", "words_without_speech"})


def probability_wrong(heard: Heard, calibration: Calibration | None) -> np.ndarray:
    """Of each word: (words,), as corrections have taught, else as the recogniser says."""
    if calibration is None:
        return raw_probability_wrong(heard.hypothesis)
    return calibration.probability_wrong(heard)


def expected_errors(heard: Heard, flags: Sequence[str], calibration: Calibration | None = None) -> float:
    """Characters that an expert is expected to change, add or take away."""
    hypothesis = heard.hypothesis
    written = len(characters(hypothesis.text))
    if calibration is None or not hypothesis.words:
        errors = confidence.expected_errors(hypothesis)
    else:
        errors = float(probability_wrong(heard, calibration) @ sizes(hypothesis))
    if INVENTED_FLAGS.intersection(flags):
        errors = max(errors, INVENTED_SHARE * written)
    factor = 1.0 if calibration is None else calibration.missing_factor
    return errors + factor * missing_characters(written, heard.speech_ms)


def missing_characters(heard: int, speech_ms: int) -> float:
    """Characters that were probably said and not written: none in a draft as long as slow speech.

    Grows evenly from there to all that is said in the time when the draft is empty.
    """
    speech_s = speech_ms / 1000
    if heard >= SPARSE_CPS * speech_s:
        return 0.0
    return TYPICAL_CPS * speech_s * (1 - heard / (SPARSE_CPS * speech_s))


def expected_length(hypothesis: Hypothesis, speech_ms: int) -> float:
    """Characters of the true text, as far as one can guess: what it costs to type it anew."""
    heard = len(characters(hypothesis.text))
    return heard + missing_characters(heard, speech_ms)
