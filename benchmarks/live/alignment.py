"""When each character that was said stood on the screen to stay. Pure.

Hypothesis and gold are aligned by edit distance over characters (method of ufal/asr_latency, word latency;
characters because Chinese has no words between spaces). Aligned are equal and substituted characters: a
misheard character has a latency too; a left-out one has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from benchmarks.live.gold import GoldCharacter
from benchmarks.live.screen import Screen, unsettled
from speech.text import characters

# A text that is still growing is compared with as much of the final text and this much more: without a bound
# its last character would be found again wherever the final text has the same one.
SLACK_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class HeardCharacter:
    """A character of the final text. `first_ms`: it first stood there; `kept_ms`: since then it stayed;
    `final_ms`: the server called it final (None: never)."""

    text: str
    first_ms: float
    kept_ms: float
    final_ms: float | None


@dataclass(frozen=True, slots=True)
class AlignedCharacter:
    gold: GoldCharacter
    heard: HeardCharacter


def heard_characters(screen: Screen) -> list[HeardCharacter]:
    """The final text, character by character, with the history of each."""
    texts = {number: characters(text) for number, text in screen.segments.items()}
    offsets, length = {}, 0
    for number, text in texts.items():
        offsets[number] = length
        length += len(text)
    history = _History("".join(texts.values()))
    for at_ms, first, _, after in unsettled(screen.updates):
        history.note(at_ms, offsets[first], characters(after))
    final_at = {
        change.segment: update.at_ms for update in screen.updates for change in update.changes if change.final
    }
    return [
        HeardCharacter(text[i], *history.of(offsets[number] + i), final_at.get(number))
        for number, text in texts.items()
        for i in range(len(text))
    ]


def aligned(gold: Sequence[GoldCharacter], heard: Sequence[HeardCharacter]) -> list[AlignedCharacter]:
    """In the order in which they were said."""
    pairs = _pairs("".join(one.text for one in gold), "".join(one.text for one in heard))
    return [AlignedCharacter(gold[said], heard[shown]) for said, shown in pairs]


def removed_characters(screen: Screen) -> int:
    """How many characters that stood on the screen were taken away or replaced again."""
    return sum(
        edit.tag != "insert"
        for _, _, before, after in unsettled(screen.updates)
        for edit in Levenshtein.editops(characters(before), characters(after))
    )


class _History:
    """Since when each character of the final text has been standing on the screen."""

    def __init__(self, final: str) -> None:
        self._final = final
        self._first: list[float | None] = [None] * len(final)
        self._kept: list[float | None] = [None] * len(final)
        self._reach = 0  # behind the last character that stands there
        self._noted_ms = 0.0

    def note(self, at_ms: float, offset: int, tail: str) -> None:
        """From `offset` on the screen reads `tail`; before it nothing changed."""
        goal = self._final[offset : offset + len(tail) + SLACK_CHARACTERS]
        present = {offset + there for there, _ in _pairs(goal, tail, only_equal=True)}
        for index in range(offset, max(self._reach, offset + len(goal))):
            if index not in present:
                self._kept[index] = None
                continue
            if self._kept[index] is None:
                self._kept[index] = at_ms
            if self._first[index] is None:
                self._first[index] = at_ms
        self._reach = max(present, default=offset - 1) + 1
        self._noted_ms = at_ms

    def of(self, index: int) -> tuple[float, float]:
        """(first, kept). Where alignment was ambiguous to the end, the last update counts."""
        first, kept = self._first[index], self._kept[index]
        return (
            self._noted_ms if first is None else first,
            self._noted_ms if kept is None else kept,
        )


def _pairs(one: str, other: str, only_equal: bool = False) -> list[tuple[int, int]]:
    return [
        (block.src_start + i, block.dest_start + i)
        for block in Levenshtein.opcodes(one, other)
        if block.tag == "equal" or (block.tag == "replace" and not only_equal)
        for i in range(block.src_end - block.src_start)
    ]
