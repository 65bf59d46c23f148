"""Several plain-LoRA adapters over one base in memory, chosen for each row, loaded and dropped as it serves.

Of transformers models only. AdaLoRA trains, plain LoRA serves (docs/adr/0005). Imports torch.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from speech.backends import whisper
from speech.backends.whisper import WhisperRecognizer
from speech.recognizer import DEFAULT_OPTIONS, ModelLoadError, RowOptions, per_row
from speech.types import Hypothesis

BASE = ""  # the adapter of a row that wants none


class UnknownAdapterError(KeyError):
    """No such adapter is loaded."""


class AdaptedWhisper:
    """A Recognizer that takes an adapter's name for each row. Rows of one adapter are decoded together: mixed
    batches are slower on a CPU (docs/experiments.md). Several threads may call it; they take turns."""

    backend = "transformers"

    def __init__(self, base: WhisperRecognizer) -> None:
        self.ref = base.ref
        self.variable_window = base.variable_window
        self.takes_prompt = base.takes_prompt
        self.knows_language = base.knows_language
        self._base = base
        self._peft: Any = None
        self._slots: dict[str, str] = {}  # our name -> PEFT's: theirs must not occur in the path of a module
        self._made = 0
        self._lock = RLock()

    @property
    def compute_type(self) -> str:
        return self._base.compute_type

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._slots)

    def load(self, name: str, folder: Path) -> None:
        """Puts an adapter in memory under `name`; one of that name is replaced. Raises ModelLoadError."""
        if name == BASE:
            raise ValueError("the base has no adapter")
        check_adapter(folder)
        with self._lock:
            slot = f"tuned_{self._made}"
            self._made += 1
            try:
                self._inject(slot, folder)
            except Exception as error:  # of whatever kind: PEFT, safetensors and torch each have their own
                self._take_out(slot)
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise ModelLoadError(f"The adapter {folder} could not be loaded: {reason}") from error
            older = self._slots.get(name)
            self._slots[name] = slot
            if older is not None:
                self._peft.delete_adapter(older)

    def drop(self, name: str) -> None:
        """Frees its memory. What is being decoded with it is finished first."""
        with self._lock:
            slot = self._slots.pop(name, None)
            if slot is None:
                return
            if self._slots:
                self._peft.delete_adapter(slot)
            else:  # PEFT keeps at least one; the bare base needs none
                self._peft.unload()
                self._peft = None

    def transcribe(
        self,
        batch: Sequence[np.ndarray],
        options: RowOptions = DEFAULT_OPTIONS,
        adapters: Sequence[str] | None = None,
    ) -> list[Hypothesis]:
        """One hypothesis per utterance, in order; `adapters` names one for each row, BASE for none."""
        each = per_row(options, len(batch))
        wanted = list(adapters) if adapters is not None else [BASE] * len(batch)
        if len(wanted) != len(batch):
            raise ValueError(f"{len(wanted)} adapters for {len(batch)} utterances")
        found: dict[int, Hypothesis] = {}
        with self._lock:
            for name in dict.fromkeys(wanted):
                rows = [row for row, own in enumerate(wanted) if own == name]
                with self._active(name):
                    heard = self._base.transcribe([batch[row] for row in rows], [each[row] for row in rows])
                found.update(zip(rows, heard, strict=True))
        return [found[row] for row in range(len(batch))]

    def _inject(self, slot: str, folder: Path) -> None:
        from peft import PeftConfig, PeftModel  # seconds to import, and only who adapts needs it

        model = self._base.model
        if self._peft is None:  # in two steps, so that a failed second one can be undone
            config = PeftConfig.from_pretrained(str(folder))
            config.inference_mode = True
            self._peft = PeftModel(model, config, adapter_name=slot)
        self._peft.load_adapter(str(folder), adapter_name=slot)
        for name, parameter in model.named_parameters():
            if f".{slot}." in name:
                parameter.data = parameter.data.to(model.device, model.dtype)
        model.eval()

    def _take_out(self, slot: str) -> None:
        """What PEFT had put in before it raised: it leaves it, and the bare base would hear with it."""
        from peft.functional import delete_adapter
        from peft.tuners.tuners_utils import BaseTunerLayer

        model = self._base.model
        if self._slots:
            delete_adapter(model, slot, prefix="lora_")
            self._peft.peft_config.pop(slot, None)
        elif self._peft is not None:
            self._peft.unload()
            self._peft = None
        else:
            for path, module in list(model.named_modules()):
                if isinstance(module, BaseTunerLayer):
                    model.set_submodule(path, module.get_base_layer())

    @contextmanager
    def _active(self, name: str) -> Iterator[None]:
        if name == BASE:
            with self._peft.disable_adapter() if self._peft is not None else nullcontext():
                yield
            return
        if name not in self._slots:
            raise UnknownAdapterError(name)
        self._peft.set_adapter(self._slots[name], inference_mode=True)
        yield


def check_adapter(folder: Path) -> None:
    """Raises ModelLoadError where a folder holds no plain LoRA."""
    try:
        kind = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8")).get("peft_type")
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"The folder {folder} holds no readable adapter_config.json.") from error
    if kind != "LORA":
        raise ModelLoadError(f"The folder {folder} holds a {kind} adapter; only plain LoRA is served.")


def load(ref: str, device: str | None = None) -> AdaptedWhisper:
    """A base to which adapters can be added. Raises ModelLoadError."""
    return AdaptedWhisper(whisper.load(ref, device=device))
