"""Whisper of any size and 80 or 128 mels: windows of any length, teacher-forced decoder, cross-entropy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import (
    AutoConfig,
    AutoProcessor,
    WhisperConfig,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)

from speech.audio import SAMPLE_RATE_HZ
from speech.backends.whisper import WhisperRecognizer
from speech.manifest import Utterance
from speech.whisper_window import allow_short_windows
from training.pipeline.config import PipelineConfig
from training.pipeline.cuts import IGNORED, Batch, Cut
from training.pipeline.families.padding import padded_frames, padded_ids

FRAMES_PER_POSITION = 2
# Whisper's features are (log10 mel, clamped to 8 below its maximum, + 4) / 4: silence is 2 below the maximum.
SILENCE_BELOW_MAXIMUM = 2.0


class WhisperLabels:
    """The prompt, then text and one end token."""

    def __init__(self, processor: WhisperProcessor, whisper: WhisperConfig, config: PipelineConfig) -> None:
        tokenizer = processor.tokenizer
        tokenizer.set_prefix_tokens(language=config.language, task="transcribe", predict_timestamps=False)
        self.prefix = list(tokenizer.prefix_tokens)
        self.pad_id: int = tokenizer.eos_token_id
        self.mels: int = whisper.num_mel_bins
        self.full_frames: int = whisper.max_source_positions * FRAMES_PER_POSITION
        self._tokenizer = tokenizer
        self._extractor = processor.feature_extractor
        self._most_ids = whisper.max_target_positions - len(self.prefix)

    def ids(self, text: str) -> tuple[int, ...]:
        encoded = self._tokenizer(text, add_special_tokens=False).input_ids
        return (*encoded, self._tokenizer.eos_token_id)

    def writes(self, text: str) -> bool:
        """Within the decoder's context."""
        return len(self.ids(text)) <= self._most_ids

    def has_time(self, utterance: Utterance) -> bool:
        """Within the window."""
        return utterance.duration_ms <= self.full_frames * 10

    def features(self, samples: np.ndarray) -> np.ndarray:
        encoded = self._extractor(
            samples, sampling_rate=SAMPLE_RATE_HZ, padding="longest", return_tensors="np"
        )
        return encoded.input_features[0].T[: self.full_frames]


class Whisper:
    model_type = "whisper"
    model_class: Any = WhisperForConditionalGeneration
    has_window = True

    def settled(self, config: PipelineConfig) -> PipelineConfig:
        return config

    def skeleton(self, ref: str) -> nn.Module:
        with torch.device("meta"):
            return WhisperForConditionalGeneration(AutoConfig.from_pretrained(ref))

    def load(self, ref: str, attention: str = "sdpa", **options: Any) -> WhisperForConditionalGeneration:
        """Taking windows of any length."""
        base = WhisperForConditionalGeneration.from_pretrained(
            ref, dtype=torch.float32, attn_implementation=attention, **options
        )
        base.config.use_cache = False
        return allow_short_windows(base)

    def labels(self, processor: Any, base: Any, config: PipelineConfig) -> WhisperLabels:
        return WhisperLabels(processor, base, config)

    def recognizer(self, model: Any, ref: str, variable_window: bool = True) -> WhisperRecognizer:
        return WhisperRecognizer(ref, model, AutoProcessor.from_pretrained(ref), variable_window)

    def collate(
        self,
        frames: Sequence[np.ndarray],
        cuts: Sequence[Cut],
        *,
        window: int,
        prefix: Sequence[int],
        pad_id: int,
        encoded: bool = False,
    ) -> Batch:
        """Targets are the decoder input one step on; the prefix is masked and the end token stands once. What
        is added behind the features is what the extractor makes of digital silence."""
        padded = np.stack(frames if encoded else [_pad(one, window) for one in frames])
        features = padded if encoded else padded.transpose(0, 2, 1)
        sequences = [[*prefix, *cut.ids] for cut in cuts]
        masked = [IGNORED] * (len(prefix) - 1)
        return Batch(
            torch.from_numpy(np.ascontiguousarray(features)),
            padded_ids([sequence[:-1] for sequence in sequences], pad_id),
            padded_ids([[*masked, *sequence[len(prefix) :]] for sequence in sequences], IGNORED),
            torch.tensor([cut.replay for cut in cuts]),
            encoded,
        )

    def inputs(self, batch: Batch, device: torch.device) -> dict[str, Any]:
        speech = batch.features.to(device, non_blocking=True)
        heard = {"encoder_outputs": (speech,)} if batch.encoded else {"input_features": speech}
        return {**heard, "decoder_input_ids": batch.decoder_ids.to(device)}

    def loss(self, model: Any, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        targets = batch.targets.to(logits.device)
        return cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")

    def chosen_layers(self, base: Any, config: PipelineConfig) -> list[nn.Module]:
        """The top of each stack, its last norm with it where any of it is trained."""
        chosen: list[nn.Module] = []
        for stack, wanted in (
            (base.get_encoder(), config.encoder_layers),
            (base.get_decoder(), config.decoder_layers),
        ):
            layers = list(stack.layers)
            count = len(layers) if wanted < 0 else min(wanted, len(layers))
            if count:
                chosen += [*layers[len(layers) - count :], stack.layer_norm]
        return chosen

    def constants(self, base: Any) -> list[nn.Module]:
        """Sinusoids, not weights."""
        return [base.get_encoder().embed_positions]

    def save(self, model: Any, base_ref: str, target: Path) -> None:
        model.config.use_cache = True
        model.half().save_pretrained(target)
        processor = AutoProcessor.from_pretrained(base_ref)
        processor.save_pretrained(target)
        # CTranslate2 and older transformers read preprocessor_config.json, which the processor no longer
        # writes.
        processor.feature_extractor.save_pretrained(target)


def _pad(frames: np.ndarray, window: int) -> np.ndarray:
    return padded_frames(frames, window, frames[:window].max() - SILENCE_BELOW_MAXIMUM)
