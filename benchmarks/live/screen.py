"""What stood on one person's screen and when: the only thing that is known of a server.

A screen is a row of numbered segments; a server rewrites a segment until it calls it final. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    segment: int
    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """At `at_ms` of the dictation's clock these segments changed at once."""

    at_ms: float
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Screen:
    """`sent_ms`, `saved_ms`: sound that left the client, and that the server said it keeps (None: it never
    says). `declined`: (start, end) of sound that the server kept, heard, and took for no speech.
    `problem`: why there is no transcript, or not all of it."""

    updates: list[Update] = field(default_factory=list)
    sent_ms: int = 0
    saved_ms: int | None = None
    declined: list[tuple[int, int]] = field(default_factory=list)
    problem: str = ""
    warnings: list[str] = field(default_factory=list)
    _now: dict[int, Change] = field(default_factory=dict)

    def show(self, at_ms: float, *changes: Change) -> bool:
        """-> whether anything is new: a text that already stands there, as final as before, is no change."""
        new = tuple(change for change in changes if self._is_new(change))
        if new:
            self.updates.append(Update(at_ms, new))
            self._now |= {change.segment: change for change in new}
        return bool(new)

    @property
    def segments(self) -> dict[int, str]:
        """What stands there now, in order."""
        return {number: change.text for number, change in sorted(self._now.items())}

    @property
    def text(self) -> str:
        return " ".join(text for text in self.segments.values() if text)

    def _is_new(self, change: Change) -> bool:
        before = self._now.get(change.segment)
        return before is None or before.text != change.text or change.final > before.final


def unsettled(updates: Sequence[Update]) -> list[tuple[float, int, str, str]]:
    """For each update: when, the first segment that could move, the text from there on before and after."""
    moving: set[int] = set()
    texts: dict[int, str] = {}
    steps = []
    for update in updates:
        first = min([*moving, *(change.segment for change in update.changes)])
        before = _from(texts, first)
        for change in update.changes:
            texts[change.segment] = change.text
            (moving.discard if change.final else moving.add)(change.segment)
        steps.append((update.at_ms, first, before, _from(texts, first)))
    return steps


def _from(texts: dict[int, str], first: int) -> str:
    # Not over all of them: hours of dictation have thousands.
    return " ".join(texts[number] for number in range(first, max(texts, default=-1) + 1) if number in texts)
