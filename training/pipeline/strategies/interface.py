"""What the training loop and the checkpoint ask of a strategy."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch


class Strategy(Protocol):
    """The model as it is called in training, and the way from a loss to changed weights."""

    def forward(self, **inputs: Any) -> Any: ...

    def one_pass(self, is_last: bool) -> AbstractContextManager[Any]:
        """Around forward and backward of a pass; gradients are exchanged with the last one of a step."""
        ...

    def backward(self, loss: torch.Tensor) -> None:
        """`loss` is this process's share of a sum: gradients add up over passes and processes."""
        ...

    def step(self) -> float:
        """Clips and updates -> the norm before clipping."""
        ...

    def clear(self) -> None:
        """Forgets the gradients of the step."""
        ...

    def state(self) -> dict[str, Any]:
        """For the checkpoint. Every process asks, the first one gets the whole."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """The trained parameters have their values already."""
        ...
