"""Final texts in the order in which they were said. The engine may answer the second utterance first, and
clients of some protocols take what comes last for the latest."""

from inference.consumers.notices import FinalText, Notice
from inference.streaming.events import Untranscribed


class InOrder:
    """For a session from its beginning: its utterances are numbered from 0 without gaps."""

    def __init__(self) -> None:
        self._next = 0
        self._held: dict[int, FinalText | Untranscribed] = {}

    def push(self, notice: Notice) -> list[Notice]:
        """-> what may be said now; everything but a final text passes at once."""
        if not isinstance(notice, FinalText | Untranscribed):
            return [notice]
        self._held[notice.utterance] = notice
        ready: list[Notice] = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        return ready
