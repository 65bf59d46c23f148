"""Notices of a dictation as events of OpenAI's realtime transcription (GA). Sans-I/O.

With turn detection each utterance is an item. Without it a commit makes the item, of everything that was said
since the last one, however many utterances that were. An item gets deltas that are only ever appended to, and
exactly one `completed` or `failed`; items end in the order of the sound. An item's id is that of its (first)
utterance in the database.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from inference.api.answers import duration_usage, logprob_shapes
from inference.consumers.in_order import InOrder
from inference.consumers.live_run import EndedByClient
from inference.consumers.notices import FinalText, Notice
from inference.streaming.events import Committed, SpeechEnded, SpeechStarted, Untranscribed
from speech.joining import joined, separator

Event = dict[str, Any]
TRANSCRIPTION = "conversation.item.input_audio_transcription"
BUFFER = "input_audio_buffer"
NO_TEXT = "Recognition gave no text for this; the sound is kept and the text comes to the recording later."


@dataclass(slots=True)
class _Item:
    id: str
    utterances: list[int] = field(default_factory=list)
    said: dict[int, str] = field(default_factory=dict)  # of each utterance, as far as it is certain
    shown: dict[int, str] = field(default_factory=dict)  # of that, in deltas
    whole: str = ""  # the deltas, joined
    finals: dict[int, FinalText | None] = field(default_factory=dict)  # None: no text could be had
    is_committed: bool = False
    is_hidden: bool = False  # the client cleared it away

    @property
    def is_settled(self) -> bool:
        return self.is_committed and all(utterance in self.finals for utterance in self.utterances)

    def new_text(self) -> str:
        """What can be appended now: an utterance's text only when those before it are final."""
        new = ""
        for utterance in self.utterances:
            said, before = self.said.get(utterance, ""), self.shown.get(utterance, "")
            if said != before and said.startswith(before):
                more = said[len(before) :]
                new += more if before else separator(self.whole + new, more) + more
                self.shown[utterance] = said
            if utterance not in self.finals:
                break
        self.whole += new
        return new


class RealtimeItems:
    """`id_of(utterance)` is the id in the database; `manual`: there is no turn detection."""

    def __init__(self, id_of: Callable[[int], str], manual: bool, logprobs: bool = False) -> None:
        self._id_of = id_of
        self._manual = manual
        self.logprobs = logprobs
        self._in_order = InOrder()
        self._of: dict[int, _Item] = {}  # utterance -> its item, until that is settled
        self._open: _Item | None = None  # being spoken, or waiting for its commit
        self._previous: str | None = None
        self._asked: deque[str] = deque()  # commit or clear: what the next EndedByClient answers

    def commit(self) -> None:
        """The client's word is on its way to the dictation; so it is with `clear`."""
        self._asked.append("commit")

    def clear(self) -> None:
        self._asked.append("clear")

    def events(self, notice: Notice) -> list[Event]:
        return [event for ready in self._in_order.push(notice) for event in self._events(ready)]

    def _events(self, notice: Notice) -> list[Event]:
        match notice:
            case SpeechStarted(utterance, at_ms):
                return self._started(utterance, at_ms)
            case Committed(utterance, text):
                return self._committed(utterance, text)
            case SpeechEnded(utterance=utterance):
                return self._stopped(utterance, notice.speech_end_ms)
            case EndedByClient(utterance):
                return self._ended_by_client(utterance)
            case FinalText(utterance=utterance):
                return self._settle(utterance, notice)
            case Untranscribed(utterance):
                return self._settle(utterance, None)
        return []

    def _started(self, utterance: int, at_ms: int) -> list[Event]:
        if self._open is None or not self._manual:
            self._open = _Item(self._id_of(utterance))
        self._open.utterances.append(utterance)
        self._of[utterance] = self._open
        if self._manual:
            return []
        return [{"type": f"{BUFFER}.speech_started", "audio_start_ms": at_ms, "item_id": self._open.id}]

    def _committed(self, utterance: int, text: str) -> list[Event]:
        item = self._of.get(utterance)
        if item is None:
            return []
        item.said[utterance] = item.said.get(utterance, "") + text
        return self._delta(item)

    def _stopped(self, utterance: int, at_ms: int) -> list[Event]:
        item = self._of.get(utterance)
        is_cleared = bool(self._asked) and self._asked[0] == "clear"
        if self._manual or item is None or is_cleared:
            return []
        self._open = None
        stopped = {"type": f"{BUFFER}.speech_stopped", "audio_end_ms": at_ms, "item_id": item.id}
        return [stopped, *self._commit(item)]

    def _ended_by_client(self, utterance: int | None) -> list[Event]:
        """A commit is always answered by an item, though nobody may have spoken."""
        asked = self._asked.popleft() if self._asked else "commit"
        if asked == "commit" and utterance is not None and not self._manual:
            return []  # its end has committed it
        item, self._open = self._open, None
        if asked == "clear":
            if item:
                item.is_hidden = item.is_committed = True
            return [{"type": f"{BUFFER}.cleared"}]
        return self._commit(item or _Item(str(uuid4())))

    def _commit(self, item: _Item) -> list[Event]:
        item.is_committed = True
        before, self._previous = self._previous, item.id
        shown = {
            "id": item.id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        return [
            {"type": f"{BUFFER}.committed", "item_id": item.id, "previous_item_id": before},
            {"type": "conversation.item.added", "previous_item_id": before, "item": shown},
            {"type": "conversation.item.done", "previous_item_id": before, "item": shown},
            *self._close(item),
        ]

    def _settle(self, utterance: int, final: FinalText | None) -> list[Event]:
        item = self._of.get(utterance)
        if item is None:
            return []
        item.finals[utterance] = final
        if final:
            item.said[utterance] = final.text
        return [*self._delta(item), *self._close(item)]

    def _delta(self, item: _Item) -> list[Event]:
        delta = "" if item.is_hidden else item.new_text()
        if not delta:
            return []
        return [{"type": f"{TRANSCRIPTION}.delta", "item_id": item.id, "content_index": 0, "delta": delta}]

    def _close(self, item: _Item) -> list[Event]:
        """The item's last event, once it is committed and all its texts are in."""
        if not item.is_settled:
            return []
        for utterance in item.utterances:
            self._of.pop(utterance, None)
        finals = [item.finals[utterance] for utterance in item.utterances]
        if item.is_hidden:
            return []
        if None in finals:
            error = {"type": "server_error", "code": "no_text", "message": NO_TEXT, "param": None}
            return [{**self._about(item, "failed"), "error": error}]
        return [{**self._about(item, "completed"), **self._text([one for one in finals if one])}]

    def _about(self, item: _Item, what: str) -> Event:
        return {"type": f"{TRANSCRIPTION}.{what}", "item_id": item.id, "content_index": 0}

    def _text(self, finals: list[FinalText]) -> Event:
        text: Event = {
            "transcript": joined([final.text for final in finals]),
            "usage": duration_usage(sum(final.end_ms - final.start_ms for final in finals)),
        }
        if self.logprobs:
            text["logprobs"] = [shape for final in finals for shape in logprob_shapes(final.tokens)]
        return text
