"""Full fine-tuning, or the chosen layers only: the weights themselves are trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from training.pipeline.config import PipelineConfig
from training.pipeline.families import family_of_model
from training.pipeline.methods.interface import trained_parameters

CHANGE = "change.safetensors"


class Weights:
    """The change (trained minus base, fp32) is what comes out, so that a share of it can be kept."""

    model: Any

    def __init__(self, config: PipelineConfig) -> None:
        self._config = config
        self._before: dict[str, torch.Tensor] = {}

    def attach(self, base: Any, total_steps: int) -> nn.Module:
        family = family_of_model(base)
        base.requires_grad_(self._config.method == "full")
        if self._config.method == "layers":
            for layer in family.chosen_layers(base, self._config):
                layer.requires_grad_(True)
        for layer in family.constants(base):
            layer.requires_grad_(False)
        # Kept in main memory: an accelerator's is for the training itself.
        self._before = {
            name: value.detach().cpu().clone() for name, value in trained_parameters(base).items()
        }
        self.model = base
        return base

    def penalty(self) -> torch.Tensor | None:
        return None

    def rank_total(self) -> int:
        return 0

    def after_step(self, step: int) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        pass

    @contextmanager
    def base_only(self) -> Iterator[None]:
        """Swaps the weights: slow, but it needs no second model."""
        trained = trained_parameters(self.model)
        now = {name: value.detach().clone() for name, value in trained.items()}
        _copy(self._before, trained)
        try:
            yield
        finally:
            _copy(now, trained)

    def export(self, folder: Path) -> dict[str, int]:
        folder.mkdir(parents=True, exist_ok=True)
        change = {
            name: (value.detach().cpu() - self._before[name]).contiguous()
            for name, value in trained_parameters(self.model).items()
        }
        save_file(change, folder / CHANGE)
        return {}

    @staticmethod
    def merged(base: Any, folder: Path, strength: float) -> Any:
        parameters = dict(base.named_parameters())
        with torch.no_grad():
            for name, change in load_file(folder / CHANGE).items():
                parameters[name] += strength * change
        return base


@torch.no_grad()
def _copy(values: dict[str, torch.Tensor], parameters: dict[str, nn.Parameter]) -> None:
    for name, value in values.items():
        parameters[name].copy_(value)
