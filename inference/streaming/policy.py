"""When to ask for partial text and how much of it to believe.

Agreement of two successive hypotheses (local agreement), compared character by character: hanzi have no
spaces. A Latin word or a number is believed only as a whole. Idea: whisper_streaming's HypothesisBuffer.
"""

from dataclasses import dataclass

from inference.streaming.clock import to_samples


@dataclass(frozen=True, slots=True)
class PartialOptions:
    first_ms: int = 500  # of voice before the first partial
    interval_ms: int = 600  # of new sound between two


class PartialPace:
    """Decides when the next partial is due, measured in sound.

    Where answers are slow, partials become rare: they may use half of the time, finals need the rest.
    """

    def __init__(self, options: PartialOptions = PartialOptions()) -> None:
        self._options = options
        self._asked_at: int | None = None
        self._answer_took = 0  # samples that came in while the last answer was waited for

    def begin(self) -> None:
        """A new utterance. How slow answers are is remembered."""
        self._asked_at = None

    def due(self, position: int, speech: int) -> bool:
        if self._asked_at is None:
            return speech >= to_samples(self._options.first_ms)
        wait = max(to_samples(self._options.interval_ms), 2 * self._answer_took)
        return position - self._asked_at >= wait

    def asked(self, position: int) -> None:
        self._asked_at = position

    def answered(self, position: int) -> None:
        if self._asked_at is not None:
            self._answer_took = position - self._asked_at


class StablePrefix:
    """push() each partial text; -> how many of its characters agree with the one before."""

    def __init__(self) -> None:
        self._previous = ""

    def push(self, text: str) -> int:
        stable = agreement(self._previous, text)
        self._previous = text
        return stable


def agreement(older: str, newer: str) -> int:
    """Length of the common prefix, cut back so that no Latin word or number is split."""
    length = 0
    for left, right in zip(older, newer, strict=False):
        if left != right:
            break
        length += 1
    while length and _inside_word(newer, length):
        length -= 1
    return length


def _inside_word(text: str, at: int) -> bool:
    """Is `at` within a run of Latin letters or digits (also at its open end, where it may still grow)?"""
    before = text[at - 1]
    if not (before.isascii() and (before.isalnum() or before == ".")):
        return False
    return at >= len(text) or (text[at].isascii() and (text[at].isalnum() or text[at] == "."))
