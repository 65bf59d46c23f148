"""A recogniser for tests: "fake:<text>" hears <text> in everything, surely and at once."""

from collections.abc import Sequence

import numpy as np

from speech.recognizer import DEFAULT_OPTIONS, DecodeOptions, RowOptions, per_row
from speech.text import tokens
from speech.types import Hypothesis, Token, Word

LOGPROB = -0.1
SAMPLES_PER_MS = 16


class FakeRecognizer:
    """Every word gets the probability exp(-0.1) and an equal share of the utterance's time."""

    backend = "fake"

    def __init__(self, ref: str) -> None:
        self.ref = ref
        self.text = ref.removeprefix("fake:")

    def transcribe(
        self, batch: Sequence[np.ndarray], options: RowOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]:
        return [
            self._hypothesis(len(samples) // SAMPLES_PER_MS, one)
            for samples, one in zip(batch, per_row(options, len(batch)), strict=True)
        ]

    def _hypothesis(self, duration_ms: int, options: DecodeOptions) -> Hypothesis:
        parts = tokens(self.text)
        edges_ms = np.linspace(0, duration_ms, len(parts) + 1).astype(int).tolist()
        words = tuple(
            Word(text, start, end, float(np.exp(LOGPROB)))
            for text, start, end in zip(parts, edges_ms, edges_ms[1:], strict=False)
        )
        return Hypothesis(
            text=self.text,
            tokens=tuple(Token(text, LOGPROB) for text in parts),
            words=words if options.word_times else (),
            avg_logprob=LOGPROB if parts else 0.0,
            compression_ratio=1.0,
            language=options.language,
        )


def load(ref: str) -> FakeRecognizer:
    return FakeRecognizer(ref)
