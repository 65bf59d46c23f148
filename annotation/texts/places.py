"""Where the tokens of the normaliser stand in a text as it was written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from speech.lexicon import Lexicon, Term
from speech.text import HANZI, tokens

# What the normaliser may make one token of: a hanzi, or all that stands between spaces and hanzi.
_CHUNK = re.compile(rf"[{HANZI}]|[^\s{HANZI}]+")


@dataclass(frozen=True, slots=True)
class TermPlace:
    """Characters `start` to `end` say `term`, or nearly (`near`)."""

    start: int
    end: int
    term: Term
    near: bool


def token_places(text: str) -> list[tuple[int, int]]:
    """Characters (start, end) of each of `speech.text.tokens(text)`; a token that cannot be placed (the
    normaliser joined or split over a space) lies empty behind the one before it."""
    chunks = [
        (token, (match.start(), match.end()))
        for match in _CHUNK.finditer(text)
        for token in tokens(match.group())
    ]
    wanted = tokens(text)
    if [token for token, _ in chunks] == wanted:
        return [place for _, place in chunks]
    matcher = SequenceMatcher(None, [token for token, _ in chunks], wanted, autojunk=False)
    places: list[tuple[int, int] | None] = [None] * len(wanted)
    for i, j, size in matcher.get_matching_blocks():
        for k in range(size):
            places[j + k] = chunks[i + k][1]
    return _filled(places)


def term_places(lexicon: Lexicon, text: str) -> list[TermPlace]:
    """The terms that are said in the text and those nearly said, in order."""
    places = token_places(text)
    spans = [(start, end, term, False) for start, end, term in lexicon.places(text)]
    spans += [(miss.start, miss.end, miss.term, True) for miss in lexicon.near_misses(text)]
    spans.sort(key=lambda span: span[0])
    return [
        TermPlace(places[start][0], places[end - 1][1], term, near)
        for start, end, term, near in spans
        if places[start][0] < places[end - 1][1]
    ]


def _filled(places: Sequence[tuple[int, int] | None]) -> list[tuple[int, int]]:
    filled, last = [], 0
    for place in places:
        filled.append(place or (last, last))
        last = filled[-1][1]
    return filled
