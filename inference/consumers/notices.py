"""What a dictation tells whoever holds its socket. Every protocol puts these into its own words.

No wire format here: the consumers have those.
"""

from dataclasses import dataclass
from uuid import UUID

from base.errors import DomainError
from inference.consumers import live_run
from inference.consumers.hearing import words_of
from inference.models import LiveUtterance, utterance_uuid
from inference.streaming.events import Final
from speech.types import Token, Word


@dataclass(frozen=True, slots=True)
class FinalText:
    """The text of one utterance, new or (`past`) from before this socket was attached.

    `id` is the utterance's own everywhere: in the database, on the wire, of the segment it becomes.
    Times count from the session's beginning.
    """

    id: UUID
    utterance: int
    text: str
    words: tuple[Word, ...]
    flags: tuple[str, ...]
    start_ms: int
    end_ms: int
    latency_ms: int
    avg_logprob: float | None = None
    tokens: tuple[Token, ...] = ()
    language: str = ""
    past: bool = False


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Another connection goes on with this session; nothing comes to this one any more."""


@dataclass(frozen=True, slots=True)
class ShutOut:
    """Whoever speaks here may not go on. What was said is kept; the socket is to end the session."""

    error: DomainError


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last one: everything is saved, understood as far as possible, and being stored."""

    session: UUID
    saved_ms: int


Notice = (
    live_run.Saved
    | live_run.NotSaved
    | live_run.Deaf
    | live_run.Fallback
    | live_run.EndedByClient
    | live_run.Event
    | FinalText
    | TakenOver
    | ShutOut
    | Stopped
)


class Unavailable(DomainError):
    """Not now; the same request may succeed in a moment."""

    status = 503


def final_of(session: UUID, final: Final, latency_ms: int) -> FinalText:
    return FinalText(
        id=utterance_uuid(session, final.utterance),
        utterance=final.utterance,
        text=final.text,
        words=final.words,
        flags=final.flags,
        start_ms=final.start_ms,
        end_ms=final.end_ms,
        latency_ms=latency_ms,
        avg_logprob=final.avg_logprob,
        tokens=final.tokens,
        language=final.language,
    )


def stored_final_of(row: LiveUtterance) -> FinalText:
    """As its speaker left it."""
    return FinalText(
        id=row.uuid,
        utterance=row.index,
        text=row.corrected_text or row.text,
        words=() if row.corrected_text else tuple(words_of(row.words)),
        flags=tuple(row.flags),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        latency_ms=row.final_latency_ms,
        avg_logprob=row.avg_logprob,
        tokens=tuple(Token(*token) for token in row.tokens),
        language=row.language,
        past=True,
    )
