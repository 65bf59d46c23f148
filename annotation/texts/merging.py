"""Two people have changed one text: what each changed is found against the text that both started from.

Lossless: the merged pieces join to the base, to mine and to theirs again, so whatever somebody typed is
either taken or shown. Edits count as being in each other's way also when only spaces or punctuation lie
between them: of "5 mg", made "50 mg" by one and "5 g" by the other, nobody meant "50 g".
(The principle: Khanna, Kunal & Pierce, "A formal investigation of diff3", 2007.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from annotation.texts.differences import units


@dataclass(frozen=True, slots=True)
class Merged:
    """What each of the three says at one place; any of them may be empty."""

    base: str
    mine: str
    theirs: str

    @property
    def kind(self) -> Literal["same", "mine", "theirs", "conflict"]:
        """Whose text is taken here; a conflict is for a person to decide."""
        if self.mine == self.theirs:
            return "same"
        if self.mine == self.base:
            return "theirs"
        return "mine" if self.theirs == self.base else "conflict"

    @property
    def both(self) -> str:
        """Mine, then theirs, parted where two Latin words or numbers would grow together."""
        meet = self.mine[-1:] + self.theirs[:1]
        return self.mine + (" " if len(meet) == 2 and meet.isascii() and meet.isalnum() else "") + self.theirs


@dataclass(frozen=True, slots=True)
class _Change:
    """Units start..end of the base stand there as `text`."""

    start: int
    end: int
    text: str


def three_way(base: str, mine: str, theirs: str) -> list[Merged]:
    """The whole text in order, cut where somebody changed something; [] when all three are empty."""
    parts = units(base)
    my_changes, their_changes = _changes(parts, mine), _changes(parts, theirs)
    found: list[Merged] = []
    at = 0
    for start, end in _places(parts, [*my_changes, *their_changes]):
        _add(found, *["".join(parts[at:start])] * 3)
        _add(
            found,
            "".join(parts[start:end]),
            _side(parts, my_changes, start, end),
            _side(parts, their_changes, start, end),
        )
        at = end
    _add(found, *["".join(parts[at:])] * 3)
    return found


def _changes(parts: list[str], text: str) -> list[_Change]:
    changed = units(text)
    return [
        _Change(step.src_start, step.src_end, "".join(changed[step.dest_start : step.dest_end]))
        for step in Levenshtein.opcodes(parts, changed)
        if step.tag != "equal"
    ]


def _places(parts: list[str], changes: list[_Change]) -> Iterator[tuple[int, int]]:
    """Stretches of the base, each around changes that no word parts."""
    start = end = -1
    for change in sorted(changes, key=lambda one: (one.start, one.end)):
        if start >= 0 and not any(part.isalnum() for part in parts[end : change.start]):
            end = max(end, change.end)
            continue
        if start >= 0:
            yield start, end
        start, end = change.start, change.end
    if start >= 0:
        yield start, end


def _side(parts: list[str], changes: list[_Change], start: int, end: int) -> str:
    """What one side says where the base says parts[start:end]."""
    said, at = [], start
    for change in changes:
        if start <= change.start and change.end <= end:
            said += [*parts[at : change.start], change.text]
            at = change.end
    return "".join([*said, *parts[at:end]])


def _add(found: list[Merged], base: str, mine: str, theirs: str) -> None:
    if base or mine or theirs:
        found.append(Merged(base, mine, theirs))
