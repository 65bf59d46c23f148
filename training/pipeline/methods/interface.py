"""What the training loop, the checkpoint and the merge ask of a method."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn


class Method(Protocol):
    """One way to train a base. `model` is what the loop calls, once a base is attached."""

    model: Any

    def attach(self, base: Any, total_steps: int) -> nn.Module:
        """Puts what is trained on the base; everything else is frozen. Returns `model`."""
        ...

    def penalty(self) -> torch.Tensor | None:
        """What is added to the loss of a step, once, in training only."""
        ...

    def rank_total(self) -> int:
        """Ranks that the method has decided on so far, over all modules; 0 where it decides none."""
        ...

    def after_step(self, step: int) -> None:
        """`step` optimizer steps are done and their gradients still there."""
        ...

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds beside the trained parameters."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...

    def base_only(self) -> AbstractContextManager[Any]:
        """While it lasts, `model` answers as the base did: the teacher of a distillation."""
        ...

    def export(self, folder: Path) -> dict[str, int]:
        """Checks what came of it and writes the whole change into `folder` -> final rank by module."""
        ...

    @staticmethod
    def merged(base: Any, folder: Path, strength: float) -> Any:
        """`base` in fp32 with `strength` (0 to 1) of the change in `folder` added to it."""
        ...


def trained_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    return {name: value for name, value in model.named_parameters() if value.requires_grad}
