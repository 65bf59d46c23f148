"""Two versions of a text, piece by piece: what they share and where they part.

Lossless: the pieces of either side join to that side again, spaces and punctuation included.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from speech.text import HANZI

# One hanzi, one run of Latin letters and digits, one run of spaces, or one other character.
_UNIT = re.compile(rf"[{HANZI}]|[^\W_{HANZI}]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """What both say (`left == right`), or what each says at one place; either may be empty."""

    left: str
    right: str

    @property
    def same(self) -> bool:
        return self.left == self.right


def units(text: str) -> list[str]:
    """The smallest parts that a person replaces as a whole; they join to the text."""
    return _UNIT.findall(text)


def pieces(left: str, right: str) -> list[Piece]:
    """Shared and differing stretches by turns, in order; [] for two empty texts."""
    a, b = units(left), units(right)
    found: list[Piece] = []
    for step in Levenshtein.opcodes(a, b):
        piece = Piece(_joined(a, step.src_start, step.src_end), _joined(b, step.dest_start, step.dest_end))
        if found and not found[-1].same and step.tag != "equal":
            found[-1] = Piece(found[-1].left + piece.left, found[-1].right + piece.right)
        else:
            found.append(piece)
    return found


def _joined(parts: Sequence[str], start: int, end: int) -> str:
    return "".join(parts[start:end])
