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
        distils = bool(self._config.distill_weight and batch.general.any())
        # First: a method that trains the weights themselves puts the old ones back for a moment.
        taught = self._taught(batch) if distils else None
        logits, targets = self._logits(forward, batch), batch.targets.to(self._world.device)
        entropy = self._family.loss(self._method.model, logits, batch)
        if taught is None:
            return entropy, entropy
        counted = (targets != IGNORED) & batch.general.to(self._world.device)[:, None]
        ours, base = (log_softmax(one[counted], -1) for one in (logits, taught))
        distance = kl_div(ours, base, reduction="sum", log_target=True)  # KL(base || model)
        return entropy + self._config.distill_weight * distance, entropy

    @torch.no_grad()
    def _taught(self, batch: Batch) -> torch.Tensor:
        """What the base says."""
        model = self._method.model
        was_training = model.training
        model.eval()
        with self._method.base_only():
            logits = self._logits(model, batch)
        model.train(was_training)
        return logits

    def _logits(self, forward: Callable[..., Any], batch: Batch) -> torch.Tensor:
        """float32; (batch, length, vocabulary) of a Whisper."""
        with autocast(self._world, self._config.precision):
            logits = forward(**self._family.inputs(batch, self._world.device)).logits
        return logits.float()
