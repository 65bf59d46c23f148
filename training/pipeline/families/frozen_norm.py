"""Batch normalisation that keeps the statistics of the base.

In training it would normalise by the batch: then the loss would depend on what an utterance is put together
with and on its padding, and the running statistics would drift without being any method's to export.
"""

from typing import Self

from torch import nn


class FrozenBatchNorm(nn.BatchNorm1d):
    def train(self, mode: bool = True) -> Self:
        return super().train(False)


def freeze_statistics(model: nn.Module) -> None:
    """Of every batch normalisation in the model; its scale and shift can still be trained."""
    for module in model.modules():
        if type(module) is nn.BatchNorm1d:
            module.__class__ = FrozenBatchNorm
            module.eval()
