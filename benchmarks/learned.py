"""What corrections teach the queue, as the services learn it, without a database."""

from collections import Counter
from collections.abc import Sequence

from annotation.ranking.calibration import Corrected, fit
from annotation.ranking.diversity import counted
from annotation.ranking.effort import Spent, fit_time
from annotation.ranking.errors import missing_characters
from annotation.ranking.priority import NOTHING_YET, Knowledge
from speech.lexicon import Lexicon
from speech.text import characters


def learned(corrected: Sequence[Corrected], spent: Sequence[Spent], lexicon: Lexicon) -> Knowledge:
    """`annotation.services.calibrations.calibration_refit` and `selectors.calibrations.knowledge_of`."""
    if not corrected:
        return NOTHING_YET
    missing = sum(
        missing_characters(len(characters(one.heard.hypothesis.text)), one.heard.speech_ms)
        for one in corrected
    )
    found = fit(corrected, missing)
    texts = [one.reference for one in corrected]
    return Knowledge(
        calibration=found.calibration if found else None,
        expert=fit_time(spent),
        pairs=counted(texts),
        terms=Counter(term.text for text in texts for term in set(lexicon.find(text))),
    )
