"""Everything that a run needs to go on as if it had never stopped: one file, written whole.

Resumed equals uninterrupted to the last bit on a CPU; a test holds it.
"""

from pathlib import Path
from typing import Any

import torch

from training.pipeline.folder import written_whole
from training.pipeline.methods.interface import Method, trained_parameters
from training.pipeline.strategies import Strategy


def save(
    path: Path,
    *,
    step: int,
    method: Method,
    optimizer: dict[str, Any],
    scheduler: torch.optim.lr_scheduler.LRScheduler,
    seconds: float,
    micro_batch_s: float,
) -> None:
    """`step` optimizer steps are done; the batch plan needs no more than this number.

    `optimizer` is the state that the strategy has gathered.
    """
    trained = trained_parameters(method.model)
    state = {
        "step": step,
        "seconds": seconds,
        "micro_batch_s": micro_batch_s,  # found by trying: another one would sum in another order
        "parameters": {name: value.detach().cpu() for name, value in trained.items()},
        "method": method.state(),
        "optimizer": optimizer,
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    with written_whole(path) as temporary:
        torch.save(state, temporary)


def load(
    path: Path,
    *,
    method: Method,
    strategy: Strategy,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
) -> tuple[int, float, float]:
    """Restores in place -> (steps done, seconds spent, seconds of speech in one pass)."""
    # Mapped: of a file with the shares of every process, each reads its own.
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    parameters = trained_parameters(method.model)
    if parameters.keys() != state["parameters"].keys():
        raise ValueError("The checkpoint is of another model, method or choice of modules.")
    with torch.no_grad():
        for name, value in state["parameters"].items():
            parameters[name].copy_(value)
    method.restore(state["method"])
    strategy.restore(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["rng"])
    if state["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return state["step"], state["seconds"], state["micro_batch_s"]
