"""Doubts what came out of the decoder before a person sees it. Rejected text is kept, never shown as said.

Thresholds of silence: openai/whisper (no-speech probability AND low log-probability, PR #1903).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from speech.confidence import (
    DOUBTFUL_LOGPROB,
    DOUBTFUL_NO_SPEECH,
    hallucination_flags,
    prompt_leaked,
)
from speech.types import Hypothesis

NO_SPEECH_PROBABILITY = 0.6
LOW_LOGPROB = -1.0
SILENCE = "silence"
PROMPT_LEAK = "prompt_leak"
# Speech without words is not text that could be wrong; the other signals are.
REJECTING = {SILENCE, PROMPT_LEAK, "repetition", "impossible_rate", "known_phrase", "words_without_speech"}


@dataclass(frozen=True, slots=True)
class Checked:
    hypothesis: Hypothesis  # its text is empty when it was rejected
    flags: tuple[str, ...]
    rejected_text: str = ""

    @property
    def rejected(self) -> bool:
        return bool(self.rejected_text)


def check(
    hypothesis: Hypothesis,
    duration_ms: int,
    speech_ms: int | None,
    prompt: str = "",
    hotwords: Sequence[str] = (),
) -> Checked:
    """`speech_ms`: how much voice the caller's VAD found; None when it does not know."""
    voice_ms = duration_ms if speech_ms is None else speech_ms
    flags = list(hallucination_flags(hypothesis, duration_ms, voice_ms))
    if hypothesis.no_speech_prob > NO_SPEECH_PROBABILITY and hypothesis.avg_logprob < LOW_LOGPROB:
        flags.append(SILENCE)
    if leaks_prompt(hypothesis, prompt, hotwords):
        flags.append(PROMPT_LEAK)
    if hypothesis.text and REJECTING.intersection(flags):
        empty = replace(hypothesis, text="", words=(), tokens=())
        return Checked(empty, tuple(flags), rejected_text=hypothesis.text)
    return Checked(hypothesis, tuple(flags))


def leaks_prompt(hypothesis: Hypothesis, prompt: str, hotwords: Sequence[str]) -> bool:
    """Is the text what the model was told before, rather than what was said?

    A recogniser that finds so has listened again without the prompt. What is left may have been said again,
    so it must be doubtful, too.
    """
    is_doubtful = hypothesis.avg_logprob < DOUBTFUL_LOGPROB or hypothesis.no_speech_prob > DOUBTFUL_NO_SPEECH
    return is_doubtful and prompt_leaked(hypothesis.text, hotwords, prompt)
