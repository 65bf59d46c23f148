"""One utterance on its way to its final text: what was heard of it so far and how much was committed."""

from dataclasses import dataclass, replace

from inference.streaming.agreement import INCOMPLETE, agreement, continues, joined
from inference.streaming.events import Committed, Final, FinalWanted, Heard, Partial, Request
from speech.confidence import hallucination_flags
from speech.types import Hypothesis

INVENTED = frozenset({"repetition", "impossible_rate"})


@dataclass(slots=True)
class Utterance:
    index: int
    start_ms: int
    attempt: int = 0
    wanted: FinalWanted | None = None  # the request whose answer will be the final text
    early: Heard | None = None  # an answer that came before the pause was long enough
    ended: bool = False
    committed: str = ""
    _shown: str = ""
    _previous: str = ""

    def partial(self, request: Request, heard: Heard, may_commit: bool) -> list[Partial | Committed]:
        """What is new of a text that may still change; nothing where it is empty or goes in circles."""
        text = heard.text.rstrip(INCOMPLETE)
        if not text or _is_invented(text, request):
            return []
        if request.start_ms > self.start_ms:  # of a long utterance only the end was listened to
            whole = joined(self._shown, text)
            if whole is None:
                return []
            text = whole
        text = continues(self.committed, text)
        agreed, self._previous = agreement(self._previous, text), text
        events: list[Partial | Committed] = []
        if may_commit and agreed > len(self.committed):
            events.append(Committed(self.index, text[len(self.committed) : agreed]))
            self.committed = text[:agreed]
        self._shown = text
        return [*events, Partial(self.index, text, len(self.committed), self.start_ms, heard.avg_logprob)]

    def final(self, request: FinalWanted, heard: Heard) -> list[Committed | Final]:
        """The rest of the text, where it goes on from what was committed, and the whole of it."""
        text = heard.text.rstrip(INCOMPLETE)
        rest = text[len(self.committed) :] if text.startswith(self.committed) else ""
        offset = request.start_ms
        words = tuple(
            replace(word, start_ms=word.start_ms + offset, end_ms=word.end_ms + offset)
            for word in heard.words
        )
        final = Final(
            self.index,
            text,
            words,
            heard.flags,
            request.start_ms,
            request.end_ms,
            rejected_text=heard.rejected_text,
            avg_logprob=heard.avg_logprob,
            model=heard.model,
            adapter=heard.adapter,
            language=heard.language,
            tokens=heard.tokens,
        )
        return [Committed(self.index, rest), final] if rest else [final]


def _is_invented(text: str, request: Request) -> bool:
    """A loop, or more text than anybody says in that time."""
    flags = hallucination_flags(Hypothesis(text), request.end_ms - request.start_ms, request.speech_ms)
    return not INVENTED.isdisjoint(flags)
