"""AdaLoRA: rank goes where the gradients say it is needed. Zhang et al. 2023, arXiv 2303.10512."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from training.pipeline.adapter import (
    adalora_of,
    assert_pruned,
    export_lora,
    orthogonality,
    pattern_ranks,
    wrap,
)
from training.pipeline.config import PipelineConfig
from training.pipeline.methods.lora import MergesLora

_AVERAGES = ("ipt", "exp_avg_ipt", "exp_avg_unc")


class AdaLora(MergesLora):
    model: PeftModel

    def __init__(self, config: PipelineConfig) -> None:
        self._config = config

    def attach(self, base: Any, total_steps: int) -> PeftModel:
        self.model = wrap(base, self._config, total_steps)
        return self.model

    def penalty(self) -> torch.Tensor | None:
        return orthogonality(self.model)

    def after_step(self, step: int) -> None:
        """Importance is read from the gradients, masks go over the updated rows."""
        self.model.base_model.update_and_allocate(step)  # type: ignore[operator]

    def rank_total(self) -> int:
        return sum(pattern_ranks(self.model).values())

    def state(self) -> dict[str, Any]:
        """PEFT's own checkpoints hold pruned tensors and forget the averages, so they cannot be resumed."""
        allocator = self.model.base_model.rankallocator
        return {
            "rank_pattern": adalora_of(self.model).rank_pattern,
            "averages": {name: dict(getattr(allocator, name)) for name in _AVERAGES},
        }

    def restore(self, state: dict[str, Any]) -> None:
        adalora_of(self.model).rank_pattern = state["rank_pattern"]
        device = next(self.model.parameters()).device
        for name in _AVERAGES:
            averages = {key: value.to(device) for key, value in state["averages"][name].items()}
            setattr(self.model.base_model.rankallocator, name, averages)

    def base_only(self) -> AbstractContextManager[Any]:
        return self.model.disable_adapter()

    def export(self, folder: Path) -> dict[str, int]:
        assert_pruned(self.model, self._config)
        return export_lora(self.model, folder)
