"""What steers a search through Whisper's decoder and what comes out of it, whoever runs the decoder.

Plain numbers: knows neither torch nor ctranslate2.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids that steer a search. `prefix` holds start-of-transcript at `start`; what stands before it is
    context that the model may lean on."""

    prefix: tuple[int, ...]
    end: int
    suppress: tuple[int, ...]
    suppress_at_begin: tuple[int, ...]
    no_speech: int | None
    start: int = 0


RIVALS = 5  # second choices that are kept for each token


@dataclass(frozen=True, slots=True)
class Decoded:
    """One row: text token ids, their log-probabilities and that of the end (None when cut off before it).

    For each token also the entropy of its step in nats, and the RIVALS next best ids with the
    log-probability of the first of them.
    """

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    end_logprob: float | None
    no_speech_prob: float
    entropies: tuple[float, ...] = ()
    rivals: tuple[tuple[int, ...], ...] = ()
    rival_logprobs: tuple[float, ...] = ()

    @property
    def avg_logprob(self) -> float:
        """Mean over the tokens and the end of text, as in openai/whisper."""
        every = [*self.logprobs, *([] if self.end_logprob is None else [self.end_logprob])]
        return sum(every) / len(every) if every else 0.0
