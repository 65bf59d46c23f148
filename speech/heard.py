"""What was heard beside what was said, for a person to read: errors as the normaliser counts them, words
as they were written. Tokens are lower case and of one script; a reader wants to see his own spelling.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from speech.metrics import align
from speech.text import HANZI, normalise, prepare_label, tokens

# One hanzi, or whatever else stands between spaces and hanzi: 140/90 is one piece for the normaliser too.
_UNIT = re.compile(rf"[{HANZI}]|[^\s{HANZI}]+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words in a row that were heard right (`said` == what stood there), or wrong; either may be empty."""

    said: str
    heard: str
    is_right: bool


def stretches(reference: str, hypothesis: str) -> list[Stretch]:
    """Right and wrong by turns, in order; a right one is spelt as the reference has it."""
    steps = align(tokens(reference), tokens(hypothesis))
    said, heard = iter(written_tokens(reference)), iter(written_tokens(hypothesis))
    shown = [(kind == "equal", next(said) if r else "", next(heard) if h else "") for kind, r, h in steps]
    found = []
    for is_right, group in groupby(shown, key=lambda step: step[0]):
        left, right = zip(*((r, h) for _, r, h in group), strict=True)
        found.append(Stretch(spaced(left), spaced(left if is_right else right), is_right))
    return found


def written_tokens(text: str) -> list[str]:
    """`tokens(text)`, each as it is written in the text: one for one, without the punctuation.

    Where the normaliser made something else of the text (2½ became 2 1/2), its own tokens are returned.
    """
    cut = tokens(text)
    written = [pair for unit in _UNIT.findall(text) for pair in _by_character(unit)]
    if len(written) != sum(map(len, cut)):
        return cut
    ends = [sum(map(len, cut[: position + 1])) for position in range(len(cut))]
    return ["".join(written[end - len(token) : end]) or token for token, end in zip(cut, ends, strict=True)]


def spaced(words: Sequence[str]) -> str:
    """Words of one stretch in a row: no space between hanzi."""
    return prepare_label(" ".join(word for word in words if word))


@lru_cache(maxsize=20_000)  # a page of results says the same hanzi again and again
def _by_character(unit: str) -> tuple[str, ...]:
    """The unit cut into as many parts as its normal form has characters; none for punctuation."""
    normal = normalise(unit).replace(" ", "")
    kept = tuple(c for c in unit if normalise(c) or c in normal)
    if len(kept) == len(normal):
        return kept
    return (unit, *[""] * (len(normal) - 1)) if normal else ()
