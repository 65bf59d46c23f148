"""Which term of the lexicon was heard as what, before a run and after it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from base.storage import data_path
from speech.lexicon import Lexicon, Term
from speech.term_confusions import Confusion, ConfusionCount, confusion_counts, term_confusions
from training.models import Evaluation
from training.pipeline.folder import read_jsonl
from training.selectors.evaluations import Comparison

MOST_SHOWN = 20


def confusions_of(
    lexicon: Lexicon, comparisons: Sequence[Comparison], most: int = MOST_SHOWN
) -> list[ConfusionCount]:
    """Over all sets that both models were scored on, the most frequent first."""
    both = [one for one in comparisons if one.before and one.after] if lexicon.terms else []
    before = [row for one in both for row in _found(lexicon, one.before)]
    after = [row for one in both for row in _found(lexicon, one.after)]
    return confusion_counts(before, after)[:most]


def _found(lexicon: Lexicon, evaluation: Evaluation | None) -> tuple[Confusion, ...]:
    return _confusions_in(data_path(evaluation.results_path), lexicon.terms) if evaluation else ()


@lru_cache(maxsize=32)  # results are never changed; 5,000 utterances take two seconds, and bases come again
def _confusions_in(path: Path, terms: tuple[Term, ...]) -> tuple[Confusion, ...]:
    rows = read_jsonl(path)
    pairs = ((row["reference"], row["hypothesis"]) for row in rows)
    return tuple(term_confusions(Lexicon(terms), pairs))
