"""Doubts what came out of the decoder before a person sees it. Rejected text is kept, never shown as said.

Thresholds of silence: openai/whisper (no-speech probability AND low log-probability, PR #1903).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from speech.confidence import hallucination_flags
from speech.text import characters
from speech.types import Hypothesis

NO_SPEECH_PROBABILITY = 0.6
LOW_LOGPROB = -1.0
DOUBTFUL_LOGPROB = -0.5
DOUBTFUL_NO_SPEECH = 0.3
SILENCE = "silence"
PROMPT_LEAK = "prompt_leak"
SHORTEST_LEAK = 6  # characters; less is said by chance
TERMS_IN_A_ROW = 3  # nobody reads a list of keywords aloud in its own order
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

    A run of keywords in their own order always is; other text of the prompt may be said again, so it must
    be doubtful, too.
    """
    said = characters(hypothesis.text)
    terms = [characters(term) for term in hotwords]
    runs = ["".join(terms[at : at + TERMS_IN_A_ROW]) for at in range(len(terms) - TERMS_IN_A_ROW + 1)]
    if any(run and run in said for run in runs):
        return True
    is_doubtful = hypothesis.avg_logprob < DOUBTFUL_LOGPROB or hypothesis.no_speech_prob > DOUBTFUL_NO_SPEECH
    return is_doubtful and len(said) >= SHORTEST_LEAK and said in characters(prompt) + "".join(terms)
