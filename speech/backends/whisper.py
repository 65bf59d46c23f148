"""Whisper through transformers: any checkpoint of the family, with its own sizes, on CPU or GPU.

Imports torch: never in the web process. One recogniser owns one model and decodes one batch at a time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor
from transformers.utils.logging import disable_progress_bar

from speech.alignment import token_frames
from speech.backends.decoded import Decoded, Prompt
from speech.backends.whisper_base import WhisperBase
from speech.backends.whisper_decode import cross_attention, greedy, likeliest_languages
from speech.backends.whisper_folder import Card, card_of, check_folder
from speech.backends.whisper_text import TextConfig, WhisperText
from speech.recognizer import ModelLoadError
from speech.whisper_window import allow_short_windows


class TorchAcoustics:
    """Acoustics of a transformers model."""

    def __init__(self, model: WhisperForConditionalGeneration) -> None:
        self.model = allow_short_windows(model).eval()

    @property
    def compute_type(self) -> str:
        return str(self.model.dtype).removeprefix("torch.")

    @torch.inference_mode()
    def encode(self, features: np.ndarray) -> torch.Tensor:
        """In the model's own type: float32 features into a bf16 model stop at the first convolution."""
        here = torch.from_numpy(features).to(self.model.device, self.model.dtype)
        return self.model.model.encoder(here).last_hidden_state

    def take(self, encoded: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
        return encoded[list(rows)]

    def languages(self, encoded: torch.Tensor, text: WhisperText, ids: dict[str, int]) -> list[str]:
        return likeliest_languages(self.model, encoded, text.known["<|startoftranscript|>"], ids)

    def search(
        self, encoded: torch.Tensor, prompts: Sequence[Prompt], budgets: Sequence[int]
    ) -> list[Decoded]:
        return greedy(self.model, encoded, prompts, budgets)

    def starts(
        self,
        encoded: torch.Tensor,
        prompts: Sequence[Prompt],
        decoded: Sequence[Decoded],
        positions: Sequence[int],
    ) -> list[np.ndarray]:
        attention = cross_attention(self.model, encoded, prompts, decoded, positions)
        return [token_frames(row.numpy()) for row in attention]


class WhisperRecognizer(WhisperBase):
    """A Recognizer of a transformers model."""

    backend = "transformers"

    def __init__(
        self,
        ref: str,
        model: WhisperForConditionalGeneration,
        processor: WhisperProcessor,
        variable_window: bool = False,
        card: Card | None = None,
    ) -> None:
        self.model = model
        text = WhisperText(ref, processor.tokenizer, text_config(model))
        config = model.config
        super().__init__(
            ref,
            text,
            TorchAcoustics(model),
            config.num_mel_bins,
            config.max_source_positions,
            card or Card(variable_window),
        )


def text_config(model: WhisperForConditionalGeneration) -> TextConfig:
    generation = model.generation_config
    return TextConfig(
        end=cast(int, model.config.eos_token_id),
        vocab_size=model.config.vocab_size,
        max_positions=model.config.max_target_positions,
        is_multilingual=bool(getattr(generation, "is_multilingual", True)),
        suppress=tuple(generation.suppress_tokens or ()),
        suppress_at_begin=tuple(generation.begin_suppress_tokens or ()),
    )


def load(ref: str, adapter: str | None = None, device: str | None = None) -> WhisperRecognizer:
    """A local folder or a hub id (HF_HUB_OFFLINE is respected), with a PEFT adapter merged in if given.

    On a GPU in float16, otherwise in float32. Raises ModelLoadError.
    """
    folder = Path(ref)
    if folder.is_absolute() and not folder.is_dir():
        raise ModelLoadError(f"There is no model folder {ref}.")
    if folder.is_dir():
        check_folder(folder)
    disable_progress_bar()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    try:
        model = WhisperForConditionalGeneration.from_pretrained(ref, dtype=torch.float32)
        processor = WhisperProcessor.from_pretrained(ref)
        if adapter is not None:
            model = merged(model, adapter)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelLoadError(f"The model {ref} could not be loaded: {reason}") from error
    torch.nn.Module.to(model, device=torch.device(device), dtype=dtype)
    return WhisperRecognizer(ref, model, processor, card=card_of(folder, model.config))


def merged(model: WhisperForConditionalGeneration, adapter: str) -> WhisperForConditionalGeneration:
    from peft import PeftModel  # seconds to import, and only some need it

    return PeftModel.from_pretrained(model, adapter).merge_and_unload()
