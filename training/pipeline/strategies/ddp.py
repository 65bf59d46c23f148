"""Every process holds model and optimizer; gradients are averaged (gloo on CPUs, nccl on GPUs).

One process is the same without the exchange.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_

from training.pipeline.config import PipelineConfig
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import World


class Ddp:
    def __init__(
        self, model: Any, optimizer: torch.optim.Optimizer, config: PipelineConfig, world: World
    ) -> None:
        self._optimizer, self._config, self._world = optimizer, config, world
        self._trained = list(trained_parameters(model).values())
        self._model: Any = model
        if world.size > 1:
            # Every pass uses every trained parameter (the first step checks it): nothing to search for.
            self._model = DistributedDataParallel(self._model, find_unused_parameters=False)

    def forward(self, **inputs: Any) -> Any:
        return self._model(**inputs)

    def one_pass(self, is_last: bool) -> AbstractContextManager[Any]:
        return nullcontext() if is_last or self._world.size == 1 else self._model.no_sync()

    def backward(self, loss: torch.Tensor) -> None:
        # DDP averages over processes: times their number, the sum remains.
        (loss * self._world.size).backward()

    def step(self) -> float:
        norm = clip_grad_norm_(self._trained, self._config.grad_clip)
        self._optimizer.step()
        return float(norm)

    def clear(self) -> None:
        self._optimizer.zero_grad()

    def state(self) -> dict[str, Any]:
        return self._optimizer.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        self._optimizer.load_state_dict(state)
