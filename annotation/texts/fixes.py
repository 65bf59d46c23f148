"""A wrong word put right wherever it stands, at the borders of words only.

"met" is not found in "Metformin"; a hanzi is a word of its own, so that a term is found in running text.
Latin letters match in either case, any space matches any other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.texts.differences import units


@dataclass(frozen=True, slots=True)
class Place:
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def places(text: str, wrong: str) -> list[Place]:
    """Where `wrong` stands in `text`, in order, none over another."""
    goal = [_key(unit) for unit in units(wrong.strip())]
    parts = units(text)
    keys = [_key(part) for part in parts]
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    found, at = [], 0
    while goal and at + len(goal) <= len(keys):
        if keys[at : at + len(goal)] == goal:
            found.append(Place(starts[at], starts[at + len(goal)]))
            at += len(goal)
        else:
            at += 1
    return found


def fixed(text: str, fixes: Iterable[tuple[str, str]]) -> str:
    """`text` with each (wrong, right) applied in turn; a later one sees what the earlier ones made."""
    for wrong, right in fixes:
        for place in reversed(places(text, wrong)):
            text = text[: place.start] + right + text[place.end :]
    return text


def _key(unit: str) -> str:
    return " " if unit.isspace() else unit.casefold()
