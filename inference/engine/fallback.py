"""Doubts what came out of the decoder before a person sees it. Rejected text is kept, never shown as said.

Thresholds of silence: openai/whisper (no-speech probability AND low log-probability, PR #1903).
"""

from dataclasses import dataclass, replace

from speech.confidence import hallucination_flags
from speech.types import Hypothesis

NO_SPEECH_PROBABILITY = 0.6
LOW_LOGPROB = -1.0
SILENCE = "silence"
# Speech without words is not text that could be wrong; the other signals are.
REJECTING = {SILENCE, "repetition", "impossible_rate", "known_phrase", "words_without_speech"}


@dataclass(frozen=True, slots=True)
class Checked:
    hypothesis: Hypothesis  # its text is empty when it was rejected
    flags: tuple[str, ...]
    rejected_text: str = ""

    @property
    def rejected(self) -> bool:
        return bool(self.rejected_text)


def check(hypothesis: Hypothesis, duration_ms: int, speech_ms: int | None) -> Checked:
    """`speech_ms`: how much voice the caller's VAD found; None when it does not know."""
    voice_ms = duration_ms if speech_ms is None else speech_ms
    flags = list(hallucination_flags(hypothesis, duration_ms, voice_ms))
    if hypothesis.no_speech_prob > NO_SPEECH_PROBABILITY and hypothesis.avg_logprob < LOW_LOGPROB:
        flags.append(SILENCE)
    if hypothesis.text and REJECTING.intersection(flags):
        empty = replace(hypothesis, text="", words=(), tokens=())
        return Checked(empty, tuple(flags), rejected_text=hypothesis.text)
    return Checked(hypothesis, tuple(flags))
