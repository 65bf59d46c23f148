"""The seam behind which every recogniser stands, and the one way to get one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from speech.model_type import model_type_of
from speech.types import Hypothesis

AUTO_LANGUAGE = "auto"
BACKENDS = ("auto", "transformers", "ctranslate2")


class UnknownLanguageError(ValueError):
    """The model has no such language."""


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to decode. Stored with every hypothesis.

    `language`: a code of the model's own, or "auto": each utterance in the one of zh and en that the model
    finds more probable; the hypothesis says which.
    `window`: "speech" decodes a window as long as the longest utterance of the batch, "padded" the
    model's own 30 s, "auto" speech windows for a model that says it was tuned for them. `word_times`
    asks for word times and probabilities. `prompt_terms` and `prompt` are told to the model before it
    listens: terms, the most important last, and what was said just before; together at most half of its
    context, what finds no room is left out from the front. Text that only repeats what was told is
    decoded again without it.
    A Parakeet has neither prompt nor window: of these it follows `max_new_tokens` and `word_times`.
    """

    language: str = "zh"
    max_new_tokens: int = 200
    window: str = "auto"
    word_times: bool = True
    prompt_terms: tuple[str, ...] = ()
    prompt: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


DEFAULT_OPTIONS = DecodeOptions()
RowOptions = DecodeOptions | Sequence[DecodeOptions]


def per_row(options: RowOptions, rows: int) -> list[DecodeOptions]:
    """One set of options for each row: one for all, or given for each."""
    each = [options] * rows if isinstance(options, DecodeOptions) else list(options)
    if len(each) != rows:
        raise ValueError(f"{len(each)} options for {rows} utterances")
    return each


class Recognizer(Protocol):
    """Speech to hypotheses, in batches. Input: float32 mono 16 kHz in [-1, 1], each of shape (samples,).

    `options` are for all rows, or one for each.
    """

    ref: str

    def transcribe(
        self, batch: Sequence[np.ndarray], options: RowOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]: ...


class ModelLoadError(Exception):
    """The reference names no model that can be loaded; the message says why."""


def load(
    ref: str, backend: str = "auto", device: str | None = None, adapter: str | None = None
) -> Recognizer:
    """The recogniser that `ref` names: a local folder, a hub id, or "fake:<text>" in tests.

    `backend` is for a Whisper: "transformers", "ctranslate2", or "auto", the one that is faster on the device
    (docs/adr/0022). `device` "cpu" or "cuda", None: an accelerator if there is one. `adapter`: a folder of
    a PEFT adapter, merged in. Heavy. Never call it in the web process. Raises ModelLoadError.
    """
    if backend not in BACKENDS:
        raise ModelLoadError(f"There is no backend {backend!r}: one of {', '.join(BACKENDS)}.")
    if ref.startswith("fake:"):
        return import_module("speech.backends.fake").load(ref)
    if model_type_of(ref).startswith("parakeet"):
        return import_module("speech.backends.parakeet").load(ref, adapter=adapter, device=device)
    # What is no Parakeet goes to Whisper, which says why it cannot be loaded.
    name = backend if backend != "auto" else _faster_backend(device)
    module = {"transformers": "whisper", "ctranslate2": "ctranslate2"}[name]
    return import_module(f"speech.backends.{module}").load(ref, adapter=adapter, device=device)


def _faster_backend(device: str | None) -> str:
    """As benchmarks/transcribe.py measured; on an accelerator it has not been measured."""
    return "ctranslate2" if device == "cpu" or not has_accelerator() else "transformers"


def has_accelerator() -> bool:
    """Without torch, which takes seconds to import."""
    import ctranslate2  # 60 MB that the web process does not need

    return bool(ctranslate2.get_cuda_device_count() > 0)
