"""What a streaming session tells the layer that owns the wires.

Times are integer milliseconds from the session's beginning.
"""

from dataclasses import dataclass

from speech.types import Token, Word


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    utterance: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """`speech_end_ms`: the voice fell silent; `detected_ms`: that was certain (the hangover later)."""

    utterance: int
    start_ms: int
    end_ms: int
    speech_end_ms: int
    detected_ms: int


@dataclass(frozen=True, slots=True)
class PartialWanted:
    """Please recognise what has been said so far. At most one of these is outstanding per session."""

    utterance: int
    pcm: bytes
    start_ms: int
    end_ms: int
    speech_ms: int


@dataclass(frozen=True, slots=True)
class FinalWanted:
    """Please recognise this utterance. Asked in the pause; void when the voice goes on."""

    utterance: int
    attempt: int
    pcm: bytes
    start_ms: int
    end_ms: int
    speech_ms: int


Request = PartialWanted | FinalWanted


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer to a request. Word times count from the start of the request's sound.

    `rejected_text` was heard and doubted: it is kept for a person to look at, never shown as said.
    `pressure` is how hard-pressed the engine is, 0 (all well) to 3; `fallback`: it lost its accelerator.
    """

    text: str
    words: tuple[Word, ...] = ()
    flags: tuple[str, ...] = ()
    rejected_text: str = ""
    avg_logprob: float | None = None
    model: str = ""
    adapter: str = ""
    pressure: int = 0
    language: str = ""
    tokens: tuple[Token, ...] = ()
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """Text that may still change; its first `stable` characters are not expected to."""

    utterance: int
    text: str
    stable: int
    start_ms: int
    avg_logprob: float | None = None  # per token, of the sound that was listened to last


@dataclass(frozen=True, slots=True)
class Committed:
    """Text to append to the utterance's earlier ones: what is committed is never taken back.

    The final text nearly always continues it (the rest then comes as a last Committed); where it does not,
    the Final alone is right.
    """

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """Exactly one per utterance (or one Untranscribed). Word times count from the session's beginning."""

    utterance: int
    text: str
    words: tuple[Word, ...]
    flags: tuple[str, ...]
    start_ms: int
    end_ms: int
    rejected_text: str = ""
    avg_logprob: float | None = None
    model: str = ""
    adapter: str = ""
    language: str = ""
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Untranscribed:
    """The recogniser gave no answer; the sound is kept elsewhere."""

    utterance: int
    start_ms: int
    end_ms: int


Event = (
    SpeechStarted | SpeechEnded | PartialWanted | FinalWanted | Partial | Committed | Final | Untranscribed
)
