"""Learning rate: a linear warm-up, then half a cosine down to a small share of the peak."""

import math

import torch

from training.pipeline.config import PipelineConfig


def warmup_and_cosine(
    optimizer: torch.optim.Optimizer, config: PipelineConfig, total_steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    warmup = max(1, round(config.warmup_share * total_steps))

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
        return config.final_lr_share + (1 - config.final_lr_share) * 0.5 * (1 + math.cos(math.pi * progress))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, share)
