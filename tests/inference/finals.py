"""Texts as a streaming session makes them final, for tests that have no engine."""

from inference.services.utterances import Entry
from inference.streaming.events import Final
from speech.types import Token, Word


def heard(
    index: int, text: str, start_ms: int = 0, *, probability: float = 0.9, rejected: str = "", ms: int = 900
) -> Entry:
    """One utterance of `ms` whose every character has the same probability."""
    each_ms = ms // max(1, len(text))
    words = tuple(
        Word(character, start_ms + at * each_ms, start_ms + (at + 1) * each_ms, probability)
        for at, character in enumerate(text)
    )
    final = Final(
        index,
        text,
        words,
        ("known_phrase",) if rejected else (),
        start_ms,
        start_ms + ms,
        rejected_text=rejected,
        avg_logprob=-0.1,
        language="zh",
        tokens=(Token(text, -0.1),) if text else (),
    )
    return Entry(index, start_ms, start_ms + ms, final, latency_ms=400)
