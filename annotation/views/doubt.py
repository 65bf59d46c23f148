"""How strongly each word is marked. Pure: probabilities in, levels out.

Too many marks are worse than none: a page full of them is read word by word again. So a level needs a low
probability, and at most a third of the words is marked, the least certain first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Below this probability: level 1, 2, 3, 4.
THRESHOLDS = (0.75, 0.55, 0.35, 0.15)
MARKED_SHARE = 1 / 3


def doubt_levels(probabilities: Sequence[float | None]) -> list[int]:
    """0 (not marked) to 4, one per word. None means that nothing is known: not marked."""
    levels = [
        sum(probability < threshold for threshold in THRESHOLDS) if probability is not None else 0
        for probability in probabilities
    ]
    marked = [at for at, level in enumerate(levels) if level]
    allowed = max(1, round(len(levels) * MARKED_SHARE))
    for at in sorted(marked, key=lambda at: probabilities[at] or 0.0)[allowed:]:
        levels[at] = 0
    return levels


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: a word with its level, or what stands between two words (level 0)."""

    text: str
    level: int = 0
    percent: int | None = None


def marked_pieces(text: str, words: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """`text` cut into pieces that join to `text` again; a word that is not in it is passed over."""
    levels = doubt_levels([word.get("probability") for word in words])
    pieces, at = [], 0
    for word, level in zip(words, levels, strict=True):
        found = text.find(word["text"], at)
        if not level or found < 0:
            continue
        pieces += [Piece(text[at:found]), Piece(word["text"], level, round(100 * word["probability"]))]
        at = found + len(word["text"])
    return [piece for piece in [*pieces, Piece(text[at:])] if piece.text]
