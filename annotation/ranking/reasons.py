"""Why a segment is served where it is: codes with figures, for a page to put into words.

| code | figures | meaning |
|---|---|---|
| likely_errors | count | characters expected to be wrong |
| doubtful_words | count | words that are more likely wrong than right |
| few_words | count | characters probably said and not written |
| flag_<code of speech.confidence.hallucination_flags> | | the draft looks invented or empty |
| rare_term | term | a term of the lexicon that hardly any correction holds yet, said or nearly said |
| mixed_language | | Chinese and English in one utterance |
| noisy | snr_db | hard to hear |
| seen_before | count | the same draft stands earlier in this recording |
| random_sample | | drawn by lot, to measure what the ranking is worth |
"""

import re
from collections.abc import Sequence

from annotation.ranking.errors import missing_characters
from annotation.ranking.words import Heard
from speech.text import HANZI, characters

NOISY_BELOW_DB = 10.0

_HANZI = re.compile(f"[{HANZI}]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")

Reason = dict[str, str | int | float]


def reasons_for(
    heard: Heard, flags: Sequence[str], errors: float, doubtful: int, rare_terms: Sequence[str] = ()
) -> list[Reason]:
    """The strongest first."""
    text = heard.hypothesis.text
    found: list[Reason] = [{"code": f"flag_{flag}"} for flag in flags]
    if round(errors) > 0:
        found.append({"code": "likely_errors", "count": round(errors)})
    found += [{"code": "rare_term", "term": term} for term in rare_terms[:1]]
    missing = round(missing_characters(len(characters(text)), heard.speech_ms))
    if missing > 0:
        found.append({"code": "few_words", "count": missing})
    if doubtful:
        found.append({"code": "doubtful_words", "count": doubtful})
    if _HANZI.search(text) and _LATIN_WORD.search(text):
        found.append({"code": "mixed_language"})
    if heard.snr_db is not None and heard.snr_db < NOISY_BELOW_DB:
        found.append({"code": "noisy", "snr_db": round(heard.snr_db, 1)})
    return found
