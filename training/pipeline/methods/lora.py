"""LoRA at one rank everywhere (Hu et al. 2021, arXiv 2106.09685), and how any plain LoRA is merged."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from training.pipeline.adapter import load_lora
from training.pipeline.config import PipelineConfig
from training.pipeline.families.targets import targets_of


class MergesLora:
    """AdaLoRA, too, comes out as a plain LoRA."""

    @staticmethod
    def merged(base: Any, folder: Path, strength: float) -> Any:
        adapted = load_lora(base, folder)
        scale(adapted, strength)
        return adapted.merge_and_unload(safe_merge=True)


class Lora(MergesLora):
    model: PeftModel

    def __init__(self, config: PipelineConfig) -> None:
        self._config = config

    def attach(self, base: Any, total_steps: int) -> PeftModel:
        config = self._config
        lora = LoraConfig(
            r=config.target_r,
            lora_alpha=config.lora_alpha,  # type: ignore[arg-type]  # any number
            lora_dropout=config.lora_dropout,
            target_modules=targets_of(base, config),
        )
        self.model = get_peft_model(base, lora)
        return self.model

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

    def base_only(self) -> AbstractContextManager[Any]:
        return self.model.disable_adapter()

    def export(self, folder: Path) -> dict[str, int]:
        self.model.save_pretrained(str(folder))
        return dict.fromkeys(lora_layers(self.model), self._config.target_r)


def lora_layers(model: PeftModel) -> dict[str, Any]:
    """Module path in the base -> its LoRA layer."""
    return {
        name.removeprefix("base_model.model."): module
        for name, module in model.named_modules()
        if hasattr(module, "lora_A") and hasattr(module, "scaling")
    }


def scale(model: PeftModel, strength: float) -> None:
    """Keeps this share of the change."""
    for layer in lora_layers(model).values():
        for name in layer.scaling:
            layer.scaling[name] *= strength
