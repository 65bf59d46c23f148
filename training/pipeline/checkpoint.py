"""Everything that a run needs to go on as if it had never stopped: one file, written whole.

PEFT's and the Trainer's own checkpoints hold pruned tensors and forget the sensitivity averages, so they
cannot be resumed. Resumed equals uninterrupted to the last bit on a CPU; a test holds it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from training.pipeline.adapter import adalora_of
from training.pipeline.folder import written_whole

_AVERAGES = ("ipt", "exp_avg_ipt", "exp_avg_unc")


def adapter_parameters(model: PeftModel) -> Iterable[tuple[str, torch.nn.Parameter]]:
    return ((name, value) for name, value in model.named_parameters() if "lora_" in name)


def save(
    path: Path,
    *,
    step: int,
    model: PeftModel,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
    seconds: float,
) -> None:
    """`step` optimizer steps are done; the batch plan needs no more than this number."""
    allocator = model.base_model.rankallocator
    state = {
        "step": step,
        "seconds": seconds,
        "parameters": {name: value.detach().cpu() for name, value in adapter_parameters(model)},
        "rank_pattern": adalora_of(model).rank_pattern,
        "averages": {name: dict(getattr(allocator, name)) for name in _AVERAGES},
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    with written_whole(path) as temporary:
        torch.save(state, temporary)


def load(
    path: Path,
    *,
    model: PeftModel,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
) -> tuple[int, float]:
    """Restores in place -> (steps done, seconds spent)."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    parameters = dict(adapter_parameters(model))
    if parameters.keys() != state["parameters"].keys():
        raise ValueError("The checkpoint is of another model or of other target modules.")
    device = next(iter(parameters.values())).device
    with torch.no_grad():
        for name, value in state["parameters"].items():
            parameters[name].copy_(value)
    adalora_of(model).rank_pattern = state["rank_pattern"]
    for name in _AVERAGES:
        averages = {key: value.to(device) for key, value in state["averages"][name].items()}
        setattr(model.base_model.rankallocator, name, averages)
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["rng"])
    if state["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return state["step"], state["seconds"]
