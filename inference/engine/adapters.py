"""Several LoRA adapters over one base in memory, chosen by the request: loaded and dropped on demand.

A recogniser that can hold adapters (`Adaptable`) is shared by all of them; one that cannot gets a copy with
the adapter merged in. Batches are of one adapter: PEFT's mixed batches cost more, the more adapters meet.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from speech.recognizer import DEFAULT_OPTIONS, Recognizer, RowOptions
from speech.types import Hypothesis

_BETWEEN = "\n"  # in no path


@runtime_checkable
class Adaptable(Protocol):
    """A Recognizer with adapters beside its own weights (speech.backends.adapters). Safe to change while
    another thread decodes."""

    ref: str

    @property
    def names(self) -> tuple[str, ...]: ...

    def load(self, name: str, folder: Path) -> None:
        """Raises speech.recognizer.ModelLoadError."""
        ...

    def drop(self, name: str) -> None: ...

    def transcribe(
        self,
        batch: Sequence[np.ndarray],
        options: RowOptions = DEFAULT_OPTIONS,
        adapters: Sequence[str] | None = None,
    ) -> list[Hypothesis]: ...


class Adapted:
    """One adapter of a shared base, as a Recognizer."""

    def __init__(self, base: Adaptable, adapter: str) -> None:
        base.load(adapter, Path(adapter))
        self.ref = base.ref
        self.base, self.adapter = base, adapter
        self.backend = getattr(base, "backend", "")
        self.variable_window = getattr(base, "variable_window", False)
        self.knows_language = getattr(base, "knows_language", lambda code: True)

    def transcribe(
        self, batch: Sequence[np.ndarray], options: RowOptions = DEFAULT_OPTIONS
    ) -> list[Hypothesis]:
        return self.base.transcribe(batch, options, adapters=[self.adapter] * len(batch))

    def drop(self) -> None:
        self.base.drop(self.adapter)


def adaptable(recognizer: Recognizer) -> Recognizer:
    """The same, able to hold adapters where it is one of those that can."""
    if getattr(recognizer, "backend", "") != "transformers":
        return recognizer
    from speech.backends.adapters import AdaptedWhisper  # torch, which this recogniser has brought already
    from speech.backends.whisper import WhisperRecognizer

    return AdaptedWhisper(recognizer) if isinstance(recognizer, WhisperRecognizer) else recognizer


def key_of(model: str, adapter: str) -> str:
    return f"{model}{_BETWEEN}{adapter}"


def parts_of(key: str) -> tuple[str, str]:
    model, _, adapter = key.partition(_BETWEEN)
    return model, adapter
