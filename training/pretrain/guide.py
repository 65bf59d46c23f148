"""Shows a few cross-attention heads where to look: at the frames in which a piece is spoken.

The engine's times make this exact. Left to itself the attention had not found the speech after 1,700
steps, while the encoder already knew most of it and the decoder recited the grammar. The guided heads
are the model's alignment heads afterwards.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import WhisperForConditionalGeneration


@dataclass(frozen=True, slots=True)
class GuidedHead:
    """A head of a decoder layer, and whether it looks at the piece to be written or the one just read."""

    layer: int
    head: int
    looks_ahead: bool


# First layer: where am I; last layer: what comes now.
GUIDED_HEADS = (GuidedHead(0, 0, False), GuidedHead(-1, 0, True), GuidedHead(-1, 1, True))


class AttentionGuide:
    """Keeps what goes into cross-attention during a forward pass, and scores the guided heads on it."""

    def __init__(self, model: WhisperForConditionalGeneration) -> None:
        self._layers: list[Any] = [layer.encoder_attn for layer in model.model.decoder.layers]
        self._inputs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        for index, attention in enumerate(self._layers):
            attention.register_forward_pre_hook(partial(self._keep, index), with_kwargs=True)

    def _keep(self, index: int, module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if module.training:
            self._inputs[index] = arguments[0], named["key_value_states"]

    def loss(self, spans: torch.Tensor) -> torch.Tensor:
        """Mean of -log(attention inside the span) for the pass just made.

        `spans` (rows, tokens, 2): first and last + 1 frame of each label; (0, 0) has no time.
        """
        losses = [self._head_loss(head, spans) for head in GUIDED_HEADS if (spans > 0).any()]
        self._inputs.clear()
        return torch.stack(losses).mean() if losses else torch.zeros(())

    def _head_loss(self, guided: GuidedHead, spans: torch.Tensor) -> torch.Tensor:
        if not guided.looks_ahead:
            # Row t has read the label of row t - 1; the last row's label wraps around and is dropped.
            spans = spans.roll(1, dims=1)
            spans[:, 0] = 0
        known = spans[..., 1] > 0
        logits = self._logits(guided.layer % len(self._layers), guided.head)
        frames = torch.arange(logits.shape[-1])
        inside = (frames >= spans[..., :1]) & (frames < spans[..., 1:])
        attended = logits.log_softmax(-1).masked_fill(~inside, -1e9).logsumexp(-1)
        return -attended[known].mean()

    def _logits(self, layer: int, head: int) -> torch.Tensor:
        """Attention of one head before the softmax: (rows, tokens, frames)."""
        attention, (hidden, encoded) = self._layers[layer], self._inputs[layer]
        part = slice(head * attention.head_dim, (head + 1) * attention.head_dim)
        query = nn.functional.linear(hidden, attention.q_proj.weight[part], attention.q_proj.bias[part])
        key = nn.functional.linear(encoded, attention.k_proj.weight[part])
        return query @ key.transpose(1, 2) * attention.scaling
