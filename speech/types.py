"""The values that travel through the product: frozen, immutable, integer milliseconds.

Pure data. Knows nothing of models, files or databases.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, `start_ms` inclusive, `end_ms` exclusive."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.start_ms < 0 or self.end_ms < self.start_ms:
            raise ValueError(f"not a span: {self.start_ms}..{self.end_ms} ms")

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Word:
    """One hanzi or one Latin word with its times from the start of the utterance.

    `probability` is in [0, 1]; None when nothing is known of it (a reference, a person's text). `entropy`
    (nats) and `margin` (log-probability ahead of the second choice) are those of its least certain token;
    `alternatives` is what the recogniser would have written in its place, best first.
    """

    text: str
    start_ms: int
    end_ms: int
    probability: float | None = None
    entropy: float | None = None
    margin: float | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """One decoded token (or the few that make one character) and its natural log-probability.

    `entropy` and `margin` as in Word; `rivals` are whole characters that were nearly chosen, best first.
    """

    text: str
    logprob: float
    entropy: float | None = None
    margin: float | None = None
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a recogniser heard in one utterance, with everything needed to doubt it."""

    text: str
    tokens: tuple[Token, ...] = ()
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 0.0
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Transcript:
    """Text of one recording or utterance with word times (a reference, or a hypothesis made final)."""

    text: str
    words: tuple[Word, ...] = field(default_factory=tuple)
