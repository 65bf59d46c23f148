"""Lets a Whisper encoder take windows shorter than 30 s; the one place that does.

Stock transformers raises unless the input has exactly 2 x max_source_positions frames. The weights
themselves allow less: the positions are a table of which a prefix can be used. Knows nothing of audio.
"""

import types
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import WhisperForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.whisper.modeling_whisper import WhisperEncoder
from transformers.utils.generic import merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs


def allow_short_windows(model: WhisperForConditionalGeneration) -> WhisperForConditionalGeneration:
    """Patch this one model so that `input_features` (batch, mels, frames) may have any frames <= full.

    Works for forward, training and generate(); a full window still goes through the stock forward, so
    its results are bit-identical. Patching twice is harmless. PEFT models are patched through their
    base model's encoder. Returns the model, for chaining. Does not survive pickling or save_pretrained.
    """
    for encoder in (module for module in model.modules() if isinstance(module, WhisperEncoder)):
        if "full_window_forward" not in encoder.__dict__:
            encoder.__dict__["full_window_forward"] = encoder.forward
            encoder.__dict__["forward"] = types.MethodType(_forward, encoder)
    return model


# The stock decorators, so that output_attentions and output_hidden_states are recorded here too.
@merge_with_config_defaults
@capture_outputs
def _forward(
    self: WhisperEncoder,
    input_features: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    **kwargs: Any,
) -> BaseModelOutput:
    """(batch, mels, frames) -> hidden states (batch, ceil(frames / 2), d_model).

    `attention_mask` is accepted and unused, as in the stock encoder.
    """
    full_frames = self.config.max_source_positions * self.conv1.stride[0] * self.conv2.stride[0]
    frames = input_features.shape[-1]
    if frames == full_frames:
        stock: Callable[..., BaseModelOutput] = self.__dict__["full_window_forward"]
        return stock(input_features, attention_mask, **kwargs)
    if frames > full_frames:
        raise ValueError(f"Whisper takes at most {full_frames} mel frames, got {frames}")
    hidden = nn.functional.gelu(self.conv1(input_features))
    hidden = nn.functional.gelu(self.conv2(hidden)).permute(0, 2, 1)
    hidden = hidden + self.embed_positions.weight[: hidden.shape[1]]
    hidden = nn.functional.dropout(hidden, p=self.dropout, training=self.training)
    for layer in self.layers:
        if self.training and self.layerdrop > 0.0 and torch.rand([]) < self.layerdrop:
            continue
        hidden = layer(hidden, None, **kwargs)
    return BaseModelOutput(last_hidden_state=self.layer_norm(hidden))
