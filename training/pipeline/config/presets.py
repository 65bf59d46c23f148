"""Starting points for machines that hospitals have. What a preset does not name keeps its default."""

from collections.abc import Mapping
from typing import Any

_ACCELERATOR: Mapping[str, Any] = {
    "precision": "bf16",
    "fused_optimizer": True,
    "batch_s": 480.0,
    "micro_batch_s": 0.0,
    "learning_rate": 5e-4,
    "max_steps": 2000,
    "checkpoint_every_steps": 200,
    "eval_batch": 32,
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # The defaults are made for the bundled model on two CPU cores.
    "cpu-demo": {},
    # One accelerator of 24 GB and more, Whisper turbo or smaller.
    "single-gpu": {**_ACCELERATOR, "batch_s": 240.0},
    # Two 24 GB accelerators in one machine, Whisper turbo (809 M parameters).
    "l4x2-turbo-bf16": {**_ACCELERATOR, "init_r": 12, "target_r": 8, "lora_alpha": 96.0},
    # 8 to 12 GB: the base in 8 bits, activations computed again, small passes.
    "low-vram-8bit": {
        **_ACCELERATOR,
        "batch_s": 120.0,
        "method": "lora",
        "target_r": 16,
        "lora_alpha": 32.0,
        "load_in_8bit": True,
        "activation_checkpointing": True,
    },
}
