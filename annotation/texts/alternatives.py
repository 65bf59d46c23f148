"""What else a word of a draft may be: proposals of several sources, one list for each word, best first.

A proposal may stand for several words ("met forming" is one drug) and is then offered at each of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from annotation.texts.differences import units
from annotation.texts.replacements import replaced, same_letters
from speech.lexicon import Lexicon
from speech.text import tokens

MOST = 8  # enough: with eight of them the oracle word error rate is halved (keithv.com, confusion networks)
WIDEST = 6  # words that one proposal may replace

Source = Literal["corrected", "lexicon", "recogniser", "model"]
# What a source's first proposal is worth; later ones of the same source less, two sources together more.
WORTH: Mapping[Source, float] = {"corrected": 4.0, "lexicon": 3.0, "recogniser": 2.0, "model": 2.0}


@dataclass(frozen=True, slots=True)
class Alternative:
    """`text` in place of the words `first` to `last` (inclusive). `detail` says more of its source."""

    text: str
    source: Source
    first: int
    last: int
    detail: str = ""


@dataclass(slots=True)
class Proposals:
    """Collects proposals for the words of one draft, in their order."""

    words: Sequence[str]
    _worth: dict[tuple[int, int, str], float] = field(default_factory=lambda: defaultdict(float))
    _best: dict[tuple[int, int, str], Alternative] = field(default_factory=dict)

    def add(self, proposed: Alternative, rank: int = 1) -> None:
        said = " ".join(self.words[proposed.first : proposed.last + 1])
        if not proposed.text.strip() or same_letters(proposed.text, said):
            return
        key = (proposed.first, proposed.last, proposed.text)
        self._best.setdefault(key, proposed)
        self._worth[key] += WORTH[proposed.source] / rank

    def by_word(self) -> list[list[Alternative]]:
        """For each word at most MOST, the best first."""
        order = sorted(self._best, key=lambda key: -self._worth[key])
        lists: list[list[Alternative]] = [[] for _ in self.words]
        for key in order:
            for at in range(key[0], key[1] + 1):
                if len(lists[at]) < MOST and all(one.text != key[2] for one in lists[at]):
                    lists[at].append(self._best[key])
        return lists

    def add_heard(self, lists: Sequence[Sequence[str]]) -> None:
        """What the recogniser nearly wrote: for each word its own alternatives."""
        for at, own in enumerate(lists):
            for rank, text in enumerate(own, start=1):
                self.add(Alternative(text, "recogniser", at, at), rank)

    def add_other(self, heard: str, detail: str, rank: int = 1) -> None:
        """What another model heard in the same place."""
        for first, last, said in replaced(self.words, heard):
            if last - first < WIDEST:
                self.add(Alternative(said, "model", first, last, detail), rank)

    def add_terms(self, lexicon: Lexicon) -> None:
        """Terms that the draft nearly says."""
        owners = [at for at, word in enumerate(self.words) for _ in tokens(word)]
        spaced = " ".join(self.words)
        if len(owners) != len(tokens(spaced)):
            return  # words and normalised text do not correspond: nothing can be said of places
        for miss in lexicon.near_misses(spaced):
            first, last = owners[miss.start], owners[miss.end - 1]
            self.add(Alternative(miss.term.text, "lexicon", first, last), 1 + miss.distance // 2)

    def add_corrections(self, known: Mapping[str, Counter[str]]) -> None:
        """What people wrote at this site where the draft said the same."""
        for first in range(len(self.words)):
            for last in range(first, min(first + WIDEST, len(self.words))):
                rights = known.get(_key(self.words[first : last + 1]))
                for rank, (right, count) in enumerate((rights or Counter()).most_common(MOST), start=1):
                    self.add(Alternative(right, "corrected", first, last, str(count)), rank)


def corrections(pairs: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Of (draft, what a person made of it): each wrong stretch with what was written instead, counted."""
    known: dict[str, Counter[str]] = defaultdict(Counter)
    for draft, text in pairs:
        words = [unit for unit in units(draft) if not unit.isspace()]
        for first, last, said in replaced(words, text):
            if last - first < WIDEST:
                known[_key(words[first : last + 1])][said] += 1
    return known


def _key(words: Sequence[str]) -> str:
    return " ".join(words).casefold()
