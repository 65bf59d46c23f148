"""How processes share the work of a step: a class for each strategy (docs/adr/0020)."""

from collections.abc import Callable
from typing import Any

import torch

from training.pipeline.config import PipelineConfig
from training.pipeline.processes import World
from training.pipeline.strategies.ddp import Ddp
from training.pipeline.strategies.interface import Strategy
from training.pipeline.strategies.zero2 import Zero2

__all__ = ["Strategy", "strategy_for"]


def strategy_for(
    config: PipelineConfig, model: Any, optimizer: torch.optim.Optimizer, world: World
) -> Strategy:
    """`model` is on its device, with everything that is trained in `optimizer`."""
    chosen: Callable[..., Strategy] = Zero2 if config.strategy == "zero2" else Ddp
    return chosen(model, optimizer, config, world)
