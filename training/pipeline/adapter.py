"""AdaLoRA on a base: wrapping, the penalty, the rank bookkeeping, and the exact export to plain LoRA.

Why not PEFT's own save: it drops what a resumed run needs, and no server can mix AdaLoRA adapters.
AdaLoRA: Zhang et al. 2023, arXiv 2303.10512.
"""

from pathlib import Path
from typing import Any

import torch
from peft import AdaLoraConfig, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from torch import nn

from training.pipeline.config import PipelineConfig
from training.pipeline.families import family_of
from training.pipeline.families.targets import targets_of

NAME = "default"
RANKNUM_EPSILON = 1e-5  # as in peft/tuners/adalora/layer.py


def load_base(ref: str, attention: str = "sdpa", **options: Any) -> Any:
    """The base in fp32 (fp16 weights would lose the adapter in a merge), as its family trains it."""
    return family_of(ref).load(ref, attention, **options)


def wrap(base: nn.Module, config: PipelineConfig, total_steps: int) -> PeftModel:
    """`task_type` stays None: PEFT's wrappers of a task pass `input_ids`, and no base here has any."""
    tinit, tfinal = round(config.tinit_share * total_steps), max(1, round(config.tfinal_share * total_steps))
    adalora = AdaLoraConfig(
        init_r=config.init_r,
        target_r=config.target_r,
        tinit=tinit,
        tfinal=tfinal,
        deltaT=config.delta_t,
        total_step=total_steps,
        lora_alpha=config.lora_alpha,  # type: ignore[arg-type]  # any number
        orth_reg_weight=config.orth_reg_weight,
        lora_dropout=config.lora_dropout,
        target_modules=targets_of(base, config),
    )
    return get_peft_model(base, adalora)  # type: ignore[arg-type]


def adalora_of(model: PeftModel) -> AdaLoraConfig:
    """The live configuration: the allocator keeps its decisions in it."""
    config = model.peft_config[NAME]
    assert isinstance(config, AdaLoraConfig)
    return config


def adapted_layers(model: nn.Module) -> dict[str, Any]:
    """Module path in the base -> its AdaLoRA layer."""
    return {
        name.removeprefix("base_model.model."): module
        for name, module in model.named_modules()
        if NAME in getattr(module, "lora_E", {})
    }


def orthogonality(model: nn.Module) -> torch.Tensor:
    """Mean Frobenius distance of A A' and B' B from the identity; added in training only.

    PEFT adds it in AdaLoraModel.forward, which PeftModel.forward skips when `task_type` is None.
    """
    distances = []
    for layer in adapted_layers(model).values():
        a, b = layer.lora_A[NAME], layer.lora_B[NAME]
        identity = torch.eye(a.shape[0], device=a.device, dtype=a.dtype)
        distances += [torch.linalg.norm(a @ a.T - identity), torch.linalg.norm(b.T @ b - identity)]
    return torch.stack(distances).mean()


def ranks(model: PeftModel) -> dict[str, int]:
    """Rows of E that are not zero, by module."""
    return {
        name: int((layer.lora_E[NAME].detach().abs().sum(1) > 0).sum())
        for name, layer in adapted_layers(model).items()
    }


def pattern_ranks(model: PeftModel) -> dict[str, int]:
    """What the allocator decided, by module. Empty before its first decision."""
    pattern = adalora_of(model).rank_pattern or {}
    return {name.split(".lora_E")[0]: sum(kept) for name, kept in pattern.items()}


def assert_pruned(model: PeftModel, config: PipelineConfig) -> dict[str, int]:
    """live E == decided == target, or RuntimeError: a run that did not prune is not a run."""
    live, decided = ranks(model), pattern_ranks(model)
    target = config.target_r * len(live)
    if not sum(live.values()) == sum(decided.values()) == target:
        raise RuntimeError(
            f"AdaLoRA did not prune to its target: {sum(live.values())} live rows, "
            f"{sum(decided.values())} decided, {target} wanted."
        )
    return live


def export_lora(model: PeftModel, folder: Path) -> dict[str, int]:
    """Writes a plain LoRA that PeftModel.from_pretrained loads: A' = (A * E) of the live rows, scaled.

    The factor alpha / init_r is folded into A', and alpha == r in every layer, so LoRA's own scaling is 1.
    A fully pruned layer keeps one row of zeros. Returns the rows by module (0 for those).
    """
    state: dict[str, torch.Tensor] = {}
    rows: dict[str, int] = {}
    for name, layer in adapted_layers(model).items():
        a, b, e = (getattr(layer, part)[NAME].detach().cpu() for part in ("lora_A", "lora_B", "lora_E"))
        factor = layer.scaling[NAME] / (float(layer.ranknum[NAME]) + RANKNUM_EPSILON)
        live = (e.abs().sum(1) > 0).nonzero().flatten()
        rows[name] = len(live)
        kept = live if len(live) else torch.tensor([0])
        state[f"base_model.model.{name}.lora_A.weight"] = (a * e)[kept] * factor
        state[f"base_model.model.{name}.lora_B.weight"] = b[:, kept].contiguous()
    ranked = {name: max(1, count) for name, count in rows.items()}
    largest = max(ranked.values())
    lora = LoraConfig(
        r=largest,
        lora_alpha=largest,
        target_modules=sorted(rows),  # whole paths: perhaps the encoder has none
        rank_pattern=ranked,
        alpha_pattern=dict(ranked),
        inference_mode=True,
    )
    _save(state, lora, folder)
    return rows


def _save(state: dict[str, torch.Tensor], lora: LoraConfig, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "adapter_model.safetensors")
    lora.save_pretrained(str(folder))


def load_lora(base: Any, folder: Path) -> PeftModel:
    return PeftModel.from_pretrained(base, str(folder)).eval()
