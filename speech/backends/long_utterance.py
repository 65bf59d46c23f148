"""What is longer than a model's window: cut at quiet points before decoding, put together after it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from speech.confidence import compression_ratio
from speech.segment import cut_at_pauses, cut_at_quiet_points
from speech.types import Hypothesis

SAMPLES_PER_MS = 16


def cut(samples: np.ndarray, max_ms: int, tuned_ms: int | None = None) -> list[tuple[int, np.ndarray]]:
    """(samples,) -> (start in ms, samples) of pieces of at most `max_ms` (and a last part of a ms).

    What is longer than a model was tuned for (`tuned_ms`) is cut at every pause.
    """
    if tuned_ms is not None and len(samples) > tuned_ms * SAMPLES_PER_MS:
        spans = cut_at_pauses(samples, min(max_ms, tuned_ms))
    else:
        spans = cut_at_quiet_points(samples, max_ms)
    ends = [span.end_ms * SAMPLES_PER_MS for span in spans[:-1]] + [len(samples)]
    return [
        (span.start_ms, samples[span.start_ms * SAMPLES_PER_MS : end])
        for span, end in zip(spans, ends, strict=True)
    ]


def joined(parts: Sequence[tuple[int, Hypothesis]]) -> Hypothesis:
    """Hypotheses of the pieces of one utterance, each with the piece's start in ms, as one."""
    if len(parts) == 1:
        return parts[0][1]
    heard = [hypothesis for _, hypothesis in parts]
    text = " ".join(one.text for one in heard if one.text)
    return Hypothesis(
        text=text,
        tokens=tuple(token for one in heard for token in one.tokens),
        words=tuple(
            replace(word, start_ms=word.start_ms + start_ms, end_ms=word.end_ms + start_ms)
            for start_ms, one in parts
            for word in one.words
        ),
        avg_logprob=float(np.average([one.avg_logprob for one in heard], weights=_weights(heard))),
        no_speech_prob=max(one.no_speech_prob for one in heard),
        compression_ratio=compression_ratio(text),
        language=heard[0].language,
    )


def _weights(heard: Sequence[Hypothesis]) -> list[int]:
    """Tokens and the end of text."""
    return [len(one.tokens) + 1 for one in heard]
