"""What a segment teaches beyond those before it: repeated drafts, voices and words that are known well sink.

Ten times "好的謝謝" teaches no more than once; the tenth utterance of one speaker less than the first of
another.
Nothing disappears: every weight is above 0.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from speech.text import characters, tokens

# How far a draft of which nothing is new may sink, and one of a voice or department that was served often.
LEAST_NOVELTY = 0.5
CROWDED = 8  # segments of one speaker (or department) in a batch after which the next counts half
PAIR = 2


def weight(twins: int) -> float:
    """1, 1/2, 1/3, ...: later ones sink, none disappears."""
    return 1.0 / (1 + twins)


def pairs_of(text: str) -> set[str]:
    """Neighbouring tokens (a hanzi, a Latin word): what a draft says, without how often."""
    parts = tokens(text)
    return {" ".join(parts[i : i + PAIR]) for i in range(max(1, len(parts) - PAIR + 1))} if parts else set()


def counted(texts: Iterable[str]) -> Counter[str]:
    """In how many of the texts each pair stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(pairs_of(text))
    return counts


@dataclass(slots=True)
class Crowd:
    """What was corrected already and what stands before in the batch."""

    known: Mapping[str, int]
    pairs: Counter[str] = field(default_factory=Counter)
    groups: Counter[Hashable] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)

    def twins(self, text: str) -> int:
        """How many say the same already; an empty draft says nothing."""
        key = characters(text)
        return self.texts[key] if key else 0

    def weight(self, text: str, groups: Sequence[Hashable]) -> float:
        """In (0, 1]; it never rises while others are added."""
        found = weight(self.twins(text)) * self._novelty(pairs_of(text))
        for group in groups:
            found *= CROWDED / (CROWDED + self.groups[group])
        return found

    def add(self, text: str, groups: Sequence[Hashable]) -> None:
        self.pairs.update(pairs_of(text))
        self.groups.update(groups)
        self.texts[characters(text)] += 1

    def _novelty(self, own: set[str]) -> float:
        """From LEAST_NOVELTY, where every pair is well known, to 1 where none was met."""
        if not own:
            return 1.0
        fresh = sum(1 / (1 + self.known.get(pair, 0) + self.pairs[pair]) for pair in own) / len(own)
        return LEAST_NOVELTY + (1 - LEAST_NOVELTY) * fresh
