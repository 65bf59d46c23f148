"""What a dictation tells whoever holds its socket. Every protocol puts these into its own words.

No wire format here: the consumers have those.
"""

from dataclasses import dataclass
from uuid import UUID

from inference.consumers import live_run
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
class Stopped:
    """The last one: everything is saved, understood as far as possible, and being stored."""

    session: UUID
    saved_ms: int


Notice = live_run.Saved | live_run.NotSaved | live_run.Deaf | live_run.Event | FinalText | TakenOver | Stopped
