"""What subtitle formats are made of: a text and when it is said. Times as the formats write them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    text: str


def spoken(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Without what has no text; each text on one line, for an empty line would end the cue."""
    for cue in cues:
        text = " ".join(cue.text.split())
        if text:
            yield Cue(cue.start_ms, max(cue.end_ms, cue.start_ms), text)


def clock(milliseconds: int, decimal_mark: str) -> str:
    """3 723 004 -> 01:02:03,004; the hours have as many digits as they need."""
    seconds, rest_ms = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{rest_ms:03}"
