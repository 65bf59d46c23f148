"""What is minimised: the family's loss of the labels, and on general speech the distance to the base.

Distillation towards the base against forgetting: Li and Hoiem 2016, arXiv 1606.09282.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import kl_div, log_softmax

from training.pipeline.config import PipelineConfig
from training.pipeline.families import family_of_model
from training.pipeline.features import IGNORED, Batch
from training.pipeline.methods import Method
from training.pipeline.processes import World, autocast


class Objective:
    def __init__(self, method: Method, config: PipelineConfig, world: World) -> None:
        self._method, self._config, self._world = method, config, world
        self._family = family_of_model(method.model)

    def summed(self, forward: Callable[..., Any], batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """-> (what to go down on, loss of the labels), both summed over the targets of one pass."""
        logits, targets = self._logits(forward, batch), batch.targets.to(self._world.device)
        entropy = self._family.loss(self._method.model, logits, batch)
        general = batch.general.to(self._world.device)
        if not self._config.distill_weight or not bool(general.any()):
            return entropy, entropy
        return entropy + self._config.distill_weight * self._distance(
            batch, logits, targets, general
        ), entropy

    def _distance(
        self, batch: Batch, logits: torch.Tensor, targets: torch.Tensor, general: torch.Tensor
    ) -> torch.Tensor:
        """Sum of KL(base || model) over the targets of general speech."""
        with torch.no_grad(), self._method.base_only():
            was_training = self._method.model.training
            self._method.model.eval()
            taught = self._logits(self._method.model, batch)
            self._method.model.train(was_training)
        counted = (targets != IGNORED) & general[:, None]
        return kl_div(
            log_softmax(logits[counted], -1),
            log_softmax(taught[counted], -1),
            reduction="sum",
            log_target=True,
        )

    def _logits(self, forward: Callable[..., Any], batch: Batch) -> torch.Tensor:
        """float32; (batch, length, vocabulary) of a Whisper."""
        with autocast(self._world, self._config.precision):
            logits = forward(**self._family.inputs(batch, self._world.device)).logits
        return logits.float()
