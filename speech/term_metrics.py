"""How well the terms of a lexicon were heard: recall and precision, by the kind of term.

A term counts as heard by whichever of its names; what was said twice must be heard twice.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from speech.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class TermCount:
    """Occurrences: `said` in the references, `heard` in the hypotheses, `right` in both."""

    said: int = 0
    heard: int = 0
    right: int = 0

    @property
    def recall(self) -> float | None:
        """None where no term was said."""
        return self.right / self.said if self.said else None

    @property
    def precision(self) -> float | None:
        """None where no term was heard."""
        return self.right / self.heard if self.heard else None

    def __add__(self, other: "TermCount") -> "TermCount":
        return TermCount(self.said + other.said, self.heard + other.heard, self.right + other.right)


def term_counts(lexicon: Lexicon, pairs: Iterable[tuple[str, str]]) -> dict[str, TermCount]:
    """(reference, hypothesis) pairs -> counts by kind of term, only kinds that occur."""
    counts: dict[str, TermCount] = {}
    for reference, hypothesis in pairs:
        said, heard = Counter(lexicon.find(reference)), Counter(lexicon.find(hypothesis))
        for term in said | heard:
            both = TermCount(said[term], heard[term], min(said[term], heard[term]))
            counts[term.kind] = counts.get(term.kind, TermCount()) + both
    return counts


def together(counts: Iterable[TermCount]) -> TermCount:
    return sum(counts, TermCount())
