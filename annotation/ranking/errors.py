"""How many character errors a draft is expected to hold.

The recogniser's own probabilities see substitutions and insertions; they are blind to words that were
left out and too sure of invented text. The speaking rate and the flags supply those two. Deletions count
in full because they hurt training most (arXiv 2112.00350).
"""

from collections.abc import Sequence

from speech import confidence
from speech.text import characters
from speech.types import Hypothesis

TYPICAL_CPS = 4.5  # characters per second of speech, hanzi and Latin letters mixed
SPARSE_CPS = 2.0  # fewer than this, and something was probably left out
INVENTED_SHARE = 0.6  # of the characters of a draft that is flagged as invented
INVENTED_FLAGS = frozenset({"repetition", "impossible_rate", "known_phrase", "words_without_speech"})


def expected_errors(hypothesis: Hypothesis, flags: Sequence[str], speech_ms: int) -> float:
    """Characters that an expert is expected to change, add or take away."""
    heard = len(characters(hypothesis.text))
    errors = confidence.expected_errors(hypothesis)
    if INVENTED_FLAGS.intersection(flags):
        errors = max(errors, INVENTED_SHARE * heard)
    return errors + missing_characters(heard, speech_ms)


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
