"""The seam behind which every recogniser stands, and the one way to get one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from speech.model_type import model_type_of
from speech.types import Hypothesis

AUTO_LANGUAGE = "auto"


class UnknownLanguageError(ValueError):
    """The model has no such language."""


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to decode. Stored with every hypothesis.

    `language`: a code of the model's own, or "auto": each utterance in the one of zh and en that the model
    finds more probable; the hypothesis says which.
    `window`: "speech" decodes a window as long as the longest utterance of the batch, "padded" the
    model's own 30 s, "auto" speech windows for a model that says it was tuned for them. `word_times`
    asks for word times and probabilities (costs a second pass of the decoder). `prompt_terms` are told to
    the model before it listens, the most important last; what finds no room is left out from the front.
    A Parakeet has neither prompt nor window: of these it follows `max_new_tokens` and `word_times`.
    """

    language: str = "zh"
    max_new_tokens: int = 200
    window: str = "auto"
    word_times: bool = True
    prompt_terms: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


DEFAULT_OPTIONS = DecodeOptions()


class Recognizer(Protocol):
    """Speech to hypotheses, in batches. Input: float32 mono 16 kHz in [-1, 1], each of shape (samples,)."""

    ref: str

    def transcribe(
        self, batch: Sequence[np.ndarray], options: DecodeOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]: ...


class ModelLoadError(Exception):
    """The reference names no model that can be loaded; the message says why."""


def load(ref: str) -> Recognizer:
    """The recogniser that `ref` names: a local folder, a hub id, or "fake:<text>" in tests.

    Heavy: imports torch. Never call it in the web process. Raises ModelLoadError.
    """
    return import_module(f"speech.backends.{_backend_of(ref)}").load(ref)


def _backend_of(ref: str) -> str:
    """What is no Parakeet goes to Whisper, which says why it cannot be loaded."""
    if ref.startswith("fake:"):
        return "fake"
    return "parakeet" if model_type_of(ref).startswith("parakeet") else "whisper"
