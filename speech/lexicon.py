"""Medical terms: their aliases, where they occur, and what was nearly one of them.

Terms come from TSV files (term, then aliases separated by `|`, both columns optional beyond the first).
Compared on `speech.text`, so case, script and width do not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from speech.text import characters, tokens


class LexiconError(Exception):
    """The term list cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it should be written, other ways to say it, and what kind of thing it is (may be unknown)."""

    text: str
    aliases: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """`heard` (tokens `start` to `end` of the text) is `distance` characters away from `term`."""

    heard: str
    term: Term
    distance: int
    start: int
    end: int


def read_terms(path: Path) -> list[Term]:
    """Terms of a TSV file; empty lines and lines that start with # are left out. Raises LexiconError."""
    terms = []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path}: cannot be read as UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, _, rest = line.partition("\t")
        if not characters(text):
            raise LexiconError(f"{path}, line {number}: no term in the first column")
        aliases = [alias.strip() for alias in rest.split("\t")[0].split("|")]
        terms.append(Term(text.strip(), tuple(alias for alias in aliases if alias)))
    return terms


class Lexicon:
    """Terms to look for in texts. Immutable once built."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple(terms)
        self._by_tokens: dict[tuple[str, ...], Term] = {}
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for term in self.terms:
            for form in (term.text, *term.aliases):
                key = tuple(tokens(form))
                if key and key not in self._by_tokens:
                    self._by_tokens[key] = term
                    self._by_first.setdefault(key[0], []).append(key)
        for keys in self._by_first.values():
            keys.sort(key=len, reverse=True)
        # Where near misses look: terms that are long enough, by the character at either end.
        self._by_end: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        long_enough = [key for key in self._by_tokens if len("".join(key)) >= _shortest(key)]
        self._widest = max(map(len, long_enough), default=0)
        for key in long_enough:
            goal = "".join(key)
            for end in {goal[0], goal[-1]}:
                self._by_end.setdefault(end, []).append((goal, key))

    def find(self, text: str) -> list[Term]:
        """Terms said in the text, in order, the longest at each place, by any of their names."""
        return [term for _, _, term in self.places(text)]

    def places(self, text: str) -> list[tuple[int, int, Term]]:
        """The same with where each stands: tokens `start` to `end` of the text."""
        return self._places(tokens(text))

    def near_misses(self, text: str, max_share: float = 0.34) -> list[NearMiss]:
        """Latin words, or as many hanzi as a term has, that are nearly a term but none.

        Nearly: at most `max_share` of the term's characters differ, and at least one is the same at either
        end. Terms under four Latin letters or three hanzi are too short to be missed nearly.
        """
        heard = tokens(text)
        covered = {i for start, end, _ in self._places(heard) for i in range(start, end)}
        found: list[NearMiss] = []
        for start in range(len(heard)):
            for width in range(1, self._widest + 2):
                end = start + width
                if end > len(heard) or not covered.isdisjoint(range(start, end)):
                    break
                said = "".join(heard[start:end])
                for goal, key in self._with_an_end_of(said):
                    if width != len(key) and not (goal.isascii() and width == len(key) + 1):
                        continue
                    distance = _distance(goal, said, int(max_share * len(goal)))
                    if distance is not None:
                        found.append(NearMiss(said, self._by_tokens[key], distance, start, end))
        return _best_apart(found)

    def _with_an_end_of(self, said: str) -> set[tuple[str, tuple[str, ...]]]:
        """Terms that begin or end as what was said does: all that can be near."""
        return {*self._by_end.get(said[0], ()), *self._by_end.get(said[-1], ())}

    def _places(self, heard: Sequence[str]) -> list[tuple[int, int, Term]]:
        places, i = [], 0
        while i < len(heard):
            for key in self._by_first.get(heard[i], ()):
                if tuple(heard[i : i + len(key)]) == key:
                    places.append((i, i + len(key), self._by_tokens[key]))
                    i += len(key)
                    break
            else:
                i += 1
        return places


def _shortest(key: tuple[str, ...]) -> int:
    """Characters from which on a term can be missed nearly."""
    return 4 if "".join(key).isascii() else 3


def _distance(goal: str, said: str, limit: int) -> int | None:
    """Edit distance if it is within 1 to `limit`; cheap tests first."""
    if abs(len(goal) - len(said)) > limit or said.isascii() != goal.isascii():
        return None
    if goal[0] != said[0] and goal[-1] != said[-1]:
        return None
    distance = Levenshtein.distance(goal, said, score_cutoff=limit)
    return distance if 1 <= distance <= limit else None


def _best_apart(found: list[NearMiss]) -> list[NearMiss]:
    """The nearest for each place, in order of place."""
    kept: list[NearMiss] = []
    for miss in sorted(found, key=lambda miss: (miss.distance / len(miss.term.text), miss.start)):
        if all(miss.end <= other.start or other.end <= miss.start for other in kept):
            kept.append(miss)
    return sorted(kept, key=lambda miss: miss.start)
