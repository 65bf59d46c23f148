"""Parakeet with a CTC or a TDT decoder, through transformers' own classes and losses.

No prompt, no language token, no window: rows are as long as their speech, the rest is masked.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoConfig, AutoProcessor, ParakeetForCTC, ParakeetForTDT

from speech.backends.parakeet import ParakeetRecognizer
from training.pipeline.config import ConfigError, PipelineConfig
from training.pipeline.config.model import EVERY_LINEAR
from training.pipeline.cuts import IGNORED, Batch, Cut
from training.pipeline.families.frozen_norm import freeze_statistics
from training.pipeline.families.padding import padded_frames, padded_ids
from training.pipeline.families.parakeet_labels import ParakeetLabels, positions_of

ITS_LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "linear1", "linear2")


class Parakeet:
    """What both decoders share. After the features come zeros, as its extractor pads."""

    model_type: str
    model_class: Any
    has_window = False

    def settled(self, config: PipelineConfig) -> PipelineConfig:
        _refuse(config)
        own: dict[str, Any] = {"padded_share": 0.0, "cache_encoder": False}
        if config.target_modules == EVERY_LINEAR:
            own["target_modules"] = ITS_LINEAR
        return PipelineConfig.from_dict({**config.as_dict(), **own})

    def skeleton(self, ref: str) -> nn.Module:
        with torch.device("meta"):
            return self.model_class(AutoConfig.from_pretrained(ref))

    def load(self, ref: str, attention: str = "sdpa", **options: Any) -> Any:
        base = self.model_class.from_pretrained(
            ref, dtype=torch.float32, attn_implementation=attention, **options
        )
        # A layer that is left out of a step has no gradient: neither AdaLoRA nor DDP can go on from there.
        base.encoder.layerdrop = 0.0
        freeze_statistics(base)
        return base

    def labels(self, processor: Any, base: Any, config: PipelineConfig) -> ParakeetLabels:
        return ParakeetLabels(processor, base)

    def recognizer(self, model: Any, ref: str, variable_window: bool = True) -> ParakeetRecognizer:
        return ParakeetRecognizer(ref, model, AutoProcessor.from_pretrained(ref))

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
        """decoder_ids are the blank and the text, targets the text alone."""
        return Batch(
            torch.from_numpy(np.stack([padded_frames(one, window, 0.0) for one in frames])),
            padded_ids([[*prefix, *cut.ids] for cut in cuts], pad_id),
            padded_ids([cut.ids for cut in cuts], IGNORED),
            torch.tensor([cut.replay for cut in cuts]),
            frames=torch.tensor([min(len(one), window) for one in frames]),
        )

    def inputs(self, batch: Batch, device: torch.device) -> dict[str, Any]:
        assert batch.frames is not None
        mask = torch.arange(batch.features.shape[1])[None, :] < batch.frames[:, None]
        features = batch.features.to(device, non_blocking=True)
        return {"input_features": features, "attention_mask": mask.to(device)}

    def constants(self, base: Any) -> list[nn.Module]:
        return []

    def chosen_layers(self, base: Any, config: PipelineConfig) -> list[nn.Module]:
        """The top of the encoder, and the whole decoder."""
        layers = list(base.encoder.layers)
        count = len(layers) if config.encoder_layers < 0 else min(config.encoder_layers, len(layers))
        decoder = [module for name, module in base.named_children() if name != "encoder"]
        return [*layers[len(layers) - count :], *(decoder if config.decoder_layers else [])]

    def save(self, model: Any, base_ref: str, target: Path) -> None:
        model.half().save_pretrained(target)
        AutoProcessor.from_pretrained(base_ref).save_pretrained(target)


class ParakeetCtc(Parakeet):
    model_type = "parakeet_ctc"
    model_class: Any = ParakeetForCTC

    def loss(self, model: Any, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return model.loss_function(
            logits=logits,
            labels=batch.targets.to(logits.device),
            logit_lengths=_positions(model, batch, logits.device),
            blank_token_id=model.config.pad_token_id,
            reduction="sum",
            zero_infinity=model.config.ctc_zero_infinity,
        )


class ParakeetTdt(Parakeet):
    model_type = "parakeet_tdt"
    model_class: Any = ParakeetForTDT

    def inputs(self, batch: Batch, device: torch.device) -> dict[str, Any]:
        return {**super().inputs(batch, device), "decoder_input_ids": batch.decoder_ids.to(device)}

    def loss(self, model: Any, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """`logits` (batch, positions, tokens + 1, vocabulary and durations)."""
        config, labels = model.config, batch.targets.to(logits.device)
        is_label = labels != IGNORED
        return model.loss_function(
            token_logits=logits[..., : config.vocab_size],
            duration_logits=logits[..., config.vocab_size :],
            labels=labels.masked_fill(~is_label, config.pad_token_id),
            logit_lengths=_positions(model, batch, logits.device),
            label_lengths=is_label.sum(-1),
            blank_token_id=config.blank_token_id,
            durations=config.durations,
            reduction="sum",
        )


def _positions(model: Any, batch: Batch, device: torch.device) -> torch.Tensor:
    assert batch.frames is not None
    return positions_of(batch.frames, model.config.encoder_config).to(device)


def _refuse(config: PipelineConfig) -> None:
    """Knobs that a Parakeet cannot follow."""
    default = PipelineConfig.model_fields["padded_share"].default
    refusals = (
        ("padded_share", "it has no window to pad to", config.padded_share not in {0.0, default}),
        ("distill_weight", "its decoder has no step for each word", config.distill_weight > 0),
        ("mwer_steps", "it gives no N-best list", config.mwer_steps > 0),
        ("adapt_encoder", "nearly all of it is the encoder", not config.adapt_encoder),
        ("decoder_layers", "its decoder is trained whole: 0 or -1", config.decoder_layers > 0),
    )
    for knob, reason, is_wrong in refusals:
        if is_wrong:
            raise ConfigError(knob, f"{knob} cannot be followed by a Parakeet: {reason}.")
