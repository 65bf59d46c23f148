"""Notices of a dictation as WhisperLive's segments: the last completed ones and what is being said. Sans-I/O.

Its client takes a segment's text as it is shown last; a completed one is never shown otherwise again.
"""

from collections import deque
from typing import Any

from inference.consumers.in_order import InOrder
from inference.consumers.live_run import Saved
from inference.consumers.notices import FinalText, Notice
from inference.streaming.events import Partial, Untranscribed
from speech.types import Word

Segment = dict[str, Any]


class Segments:
    """Each answer is the whole list to show; None: nothing has changed."""

    def __init__(self, most: int = 10, words: bool = False) -> None:
        self._completed: deque[Segment] = deque(maxlen=max(1, most))
        self._words = words
        self._in_order = InOrder()
        self._settled = -1  # the last utterance that is completed
        self._saved_ms = 0

    def lists(self, notice: Notice) -> list[list[Segment]]:
        return [segments for ready in self._in_order.push(notice) for segments in self._lists(ready)]

    def _lists(self, notice: Notice) -> list[list[Segment]]:
        match notice:
            case Saved(saved_ms=saved_ms):
                self._saved_ms = saved_ms
            case Partial() if notice.utterance > self._settled:
                end_ms = max(notice.start_ms, self._saved_ms)
                return [self._shown(segment(notice.start_ms, end_ms, notice.text))]
            case FinalText():
                return self._final(notice)
            case Untranscribed(utterance):
                self._settled = utterance
        return []

    def _final(self, final: FinalText) -> list[list[Segment]]:
        """Twice: the client's subtitle file ends with the last unfinished text, if it differs from the last
        completed one. So that they are the same, the final text is unfinished for a moment."""
        self._settled = final.utterance
        if not final.text:
            return []
        words = final.words if self._words else ()
        unfinished = self._shown(segment(final.start_ms, final.end_ms, final.text, words))
        self._completed.append(segment(final.start_ms, final.end_ms, final.text, words, completed=True))
        return [unfinished, list(self._completed)]

    def _shown(self, running: Segment) -> list[Segment]:
        return [*self._completed, running]


def segment(
    start_ms: int, end_ms: int, text: str, words: tuple[Word, ...] = (), completed: bool = False
) -> Segment:
    """Times are text with three decimals, in seconds."""
    shown: Segment = {
        "start": f"{start_ms / 1000:.3f}",
        "end": f"{end_ms / 1000:.3f}",
        "text": text,
        "completed": completed,
    }
    if words:
        shown["words"] = [
            {
                "word": word.text,
                "start": f"{word.start_ms / 1000:.3f}",
                "end": f"{word.end_ms / 1000:.3f}",
                "probability": word.probability,
            }
            for word in words
        ]
    return shown
