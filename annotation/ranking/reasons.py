"""Why a segment is served where it is: codes with figures, for a page to put into words.

| code | figures | meaning |
|---|---|---|
| likely_errors | count | characters expected to be wrong |
| doubtful_words | count | words that are more likely wrong than right |
| few_words | count | characters probably said and not written |
| flag_<code of speech.confidence.hallucination_flags> | | the draft looks invented or empty |
| mixed_language | | Chinese and English in one utterance |
| noisy | snr_db | hard to hear |
| seen_before | count | the same draft stands earlier in this recording |
| random_sample | | drawn by lot, to measure what the ranking is worth |
"""

import re
from collections.abc import Sequence

from annotation.ranking.errors import missing_characters
from speech.text import HANZI, characters
from speech.types import Hypothesis

DOUBTFUL_PROBABILITY = 0.5
NOISY_BELOW_DB = 10.0

_HANZI = re.compile(f"[{HANZI}]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")

Reason = dict[str, str | int | float]


def reasons_for(
    hypothesis: Hypothesis,
    flags: Sequence[str],
    speech_ms: int,
    errors: float,
    snr_db: float | None,
) -> list[Reason]:
    """The strongest first."""
    found: list[Reason] = [{"code": f"flag_{flag}"} for flag in flags]
    if round(errors) > 0:
        found.append({"code": "likely_errors", "count": round(errors)})
    missing = round(missing_characters(len(characters(hypothesis.text)), speech_ms))
    if missing > 0:
        found.append({"code": "few_words", "count": missing})
    doubtful = sum(
        1
        for word in hypothesis.words
        if word.probability is not None and word.probability < DOUBTFUL_PROBABILITY
    )
    if doubtful:
        found.append({"code": "doubtful_words", "count": doubtful})
    if _HANZI.search(hypothesis.text) and _LATIN_WORD.search(hypothesis.text):
        found.append({"code": "mixed_language"})
    if snr_db is not None and snr_db < NOISY_BELOW_DB:
        found.append({"code": "noisy", "snr_db": round(snr_db, 1)})
    return found
