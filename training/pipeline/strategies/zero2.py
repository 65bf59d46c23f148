"""DeepSpeed ZeRO-2: each process keeps a share of gradients and optimizer state, the latter in main memory.

Rajbhandari et al. 2020, arXiv 1910.02054; offload: Ren et al. 2021, arXiv 2101.06840. The optimizer stays
torch's own AdamW on the offloaded share: DeepSpeed's needs a compiler on the machine and sums in another way.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import torch
import torch.distributed as distributed

from training.pipeline.config import PipelineConfig
from training.pipeline.processes import World, group_of_one, uses_bf16

_BUCKET = 50_000_000  # elements; DeepSpeed's 500 million reserve 2 GB


class Zero2:
    def __init__(
        self, model: Any, optimizer: torch.optim.Optimizer, config: PipelineConfig, world: World
    ) -> None:
        self._optimizer, self._config, self._world = optimizer, config, world
        self._model: Any = model

    @cached_property
    def _engine(self) -> Any:
        """Made at the first pass: what is tried out on the model before must not start an exchange."""
        import deepspeed  # an extra; seconds to import

        if not distributed.is_initialized():
            group_of_one(self._world.device)
        engine, *_ = deepspeed.initialize(
            model=self._model, optimizer=self._optimizer, config=self._settings()
        )
        return engine

    def forward(self, **inputs: Any) -> Any:
        return self._engine(**inputs)

    def one_pass(self, is_last: bool) -> AbstractContextManager[Any]:
        self._engine.set_gradient_accumulation_boundary(is_last)
        return nullcontext()

    def backward(self, loss: torch.Tensor) -> None:
        # ZeRO averages over processes: times their number, the sum remains.
        self._engine.backward(loss * self._world.size)

    def step(self) -> float:
        self._engine.step()
        return float(self._engine.get_global_grad_norm())

    def clear(self) -> None:
        """DeepSpeed drops gradients as soon as they are used."""

    def state(self) -> dict[str, Any]:
        """Every share, gathered in main memory, so that a checkpoint is one file, whole or not there."""
        shares: list[Any] | None = [None] * self._world.size if self._world.is_first else None
        distributed.gather_object(self._optimizer.state_dict(), shares)
        return {"shares": shares}

    def restore(self, state: dict[str, Any]) -> None:
        shares = state.get("shares")
        if shares is None or len(shares) != self._world.size:
            raise ValueError(
                f"A run under zero2 goes on with as many processes as it was begun with "
                f"({len(shares or ())}, here {self._world.size})."
            )
        self._engine.optimizer.refresh_fp32_params()
        self._optimizer.load_state_dict(shares[self._world.rank])

    def _settings(self) -> dict[str, Any]:
        """Accumulation is told pass by pass, so DeepSpeed counts one; fp32 weights, autocast as under DDP."""
        on_accelerator = self._world.device.type == "cuda"
        return {
            "train_micro_batch_size_per_gpu": 1,
            "gradient_accumulation_steps": 1,
            "gradient_clipping": self._config.grad_clip,
            "zero_optimization": {
                "stage": 2,
                "offload_optimizer": {"device": "cpu", "pin_memory": on_accelerator},
                "reduce_bucket_size": _BUCKET,
                "allgather_bucket_size": _BUCKET,
            },
            "zero_force_ds_cpu_optimizer": False,
            "zero_allow_untested_optimizer": True,
            "torch_autocast": {
                "enabled": uses_bf16(self._world, self._config.precision),
                "dtype": "bfloat16",
                "lower_precision_safe_modules": [],  # gradients are exchanged in fp32
            },
        }
