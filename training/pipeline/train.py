"""Stage 3: base and prepared cuts -> an adapter. Readable from top to bottom; nothing hidden in a Trainer.

The loss is the sum of cross-entropies over the tokens of the whole step, whatever the number of
processes and passes. Order of a step: backward, clip, optimizer.step, update_and_allocate(step + 1),
zero_grad: importance is read from the gradients, masks go over the updated rows.
"""

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as distributed
from peft import PeftModel
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from training.pipeline import checkpoint
from training.pipeline.adapter import assert_pruned, export_lora, load_base, orthogonality, wrap
from training.pipeline.augment import mask
from training.pipeline.batches import BatchPlan, MicroBatch, Step, micro_batches, window_for
from training.pipeline.config import PipelineConfig
from training.pipeline.features import IGNORED, FeatureStore
from training.pipeline.folder import RunFolder, emit
from training.pipeline.processes import StopFlag, Stopped, World, autocast
from training.pipeline.schedule import warmup_and_cosine

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.jsonl"


@dataclass(frozen=True, slots=True)
class StepLoss:
    """Of one step: cross-entropy per token (the curve), the penalty apart, the norm before clipping."""

    cross_entropy: float
    orthogonality: float
    gradient_norm: float


def run(folder: RunFolder, world: World, stop: StopFlag) -> dict[str, Any]:
    store = FeatureStore(folder.path / "prepare", "train")
    dev = FeatureStore(folder.path / "prepare", "dev")
    torch.manual_seed(folder.config.seed)
    plan = BatchPlan(store.cuts, folder.config, store.full_frames)
    trainer = Trainer(load_base(folder.inputs.base_ref), plan, store, folder.config, world)
    target = folder.path / "train"
    target.mkdir(exist_ok=True)
    trainer.run(target, dev, stop)
    rows: dict[str, int] = {}
    if world.is_first:
        assert_pruned(trainer.model, folder.config)
        rows = export_lora(trainer.model, target / "adapter", folder.config.adapter_strength)
    world.wait_for_all()
    return {
        "steps": trainer.total_steps,
        "trainable_parameters": trainer.trainable_parameters,
        "rank_pattern": rows,
        "rank_total": sum(rows.values()),
        "train_seconds": round(trainer.seconds, 1),
        "padding_share": round(plan.padding_share(plan.epoch(0)), 4),
        "processes": world.size,
        "device": world.device.type,
    }


class Trainer:
    """The model under training, and one step of it."""

    def __init__(
        self, base: Any, plan: BatchPlan, store: FeatureStore, config: PipelineConfig, world: World
    ) -> None:
        self.plan, self.store, self.config, self.world = plan, store, config, world
        self.total_steps = plan.total_steps()
        self.model: PeftModel = wrap(base, config, self.total_steps).to(world.device)
        self.model.train()
        self.trainable = [value for value in self.model.parameters() if value.requires_grad]
        self.trainable_parameters = sum(value.numel() for value in self.trainable)
        # Plain, not fused: the same arithmetic everywhere is worth more than a few per cent.
        self.optimizer = torch.optim.AdamW(
            self.trainable, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.scheduler = warmup_and_cosine(self.optimizer, config, self.total_steps)
        self.forward: Callable[..., Any] = (
            DistributedDataParallel(self.model, find_unused_parameters=False)
            if world.size > 1
            else self.model
        )
        self.seconds = 0.0

    def run(
        self,
        target: Path,
        dev: FeatureStore,
        stop: StopFlag,
        on_checkpoint: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Every step that is left. Raises Stopped, after a checkpoint, when asked to stop.

        `on_checkpoint` hears how many steps are safe: after each checkpoint, and at once when going on.
        """
        stop.raises = False
        saved = target / CHECKPOINT
        done = 0
        if saved.exists():
            done, self.seconds = checkpoint.load(
                saved, model=self.model, optimizer=self.optimizer, scheduler=self.scheduler
            )
            on_checkpoint(done)
        curve = Curve(target / CURVE, done) if self.world.is_first else None
        before, started, first = self.seconds, time.monotonic(), done
        while done < self.total_steps:
            for step in self.plan.steps(done):
                loss = self.step(step, done)
                done += 1
                self.seconds = before + time.monotonic() - started
                if curve and (done % self.config.log_every_steps == 0 or done == self.total_steps):
                    per_step = (time.monotonic() - started) / (done - first)
                    curve.add(done, self.total_steps, loss, self.rate(), per_step)
                at_checkpoint = done % self.config.checkpoint_every_steps == 0 or done == self.total_steps
                stopping = self._all_agree(stop.is_set)
                if at_checkpoint or stopping:
                    if curve and dev.cuts and not stopping:
                        curve.add_dev(done, self.dev_loss(dev))
                    self._save(saved, done)
                    on_checkpoint(done)
                if stopping and done < self.total_steps:
                    raise Stopped
                if done == self.total_steps:
                    break
        stop.raises = True

    def step(self, step: Step, number: int) -> StepLoss:
        """One optimizer step, `number` steps done before it."""
        losses = torch.zeros((), device=self.world.device)
        batches = micro_batches(step, self.config, self.world.rank, self.world.size)
        for position, batch in enumerate(batches):
            is_last = position == len(batches) - 1
            with nullcontext() if is_last or self.world.size == 1 else self.forward.no_sync():  # type: ignore[attr-defined]
                summed = self.summed_loss(batch, number)
                losses += summed.detach()
                # DDP averages over processes: times their number, the sum over all tokens remains.
                (summed * self.world.size / step.tokens).backward()
        penalty = orthogonality(self.model)
        if self.config.orth_reg_weight:
            # Equal on every process, so it needs no exchange.
            (self.config.orth_reg_weight * penalty).backward()
        if number == 0:
            self._assert_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.trainable, self.config.grad_clip)
        self.optimizer.step()
        self.scheduler.step()
        self.model.base_model.update_and_allocate(number + 1)  # type: ignore[operator]
        self.optimizer.zero_grad()
        if self.world.size > 1:
            distributed.all_reduce(losses)
        return StepLoss(float(losses) / step.tokens, float(penalty.detach()), float(norm))

    def summed_loss(self, batch: MicroBatch, number: int) -> torch.Tensor:
        """Sum of the cross-entropies of one forward pass."""
        frames = [self.store.frames_of(index) for index in batch.indices]
        if self.config.augment:
            # Seeded by step and cut: the same on any number of processes and after any resume.
            for one, index in zip(frames, batch.indices, strict=True):
                mask(one, self.config, np.random.default_rng((self.config.seed, number, index)))
        summed = self._loss_of(self.forward, frames, batch, self.store)
        return summed if batch.counts else summed * 0.0

    def rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    @torch.no_grad()
    def dev_loss(self, dev: FeatureStore) -> float:
        """Cross-entropy per token on speakers and sentences held out. Watched, never selected on."""
        self.model.eval()
        total = 0.0
        for index, cut in enumerate(dev.cuts):
            batch = MicroBatch((index,), window_for(cut.frames, dev.full_frames))
            total += float(self._loss_of(self.model, [dev.frames_of(index)], batch, dev))
        self.model.train()
        return total / sum(cut.tokens for cut in dev.cuts)

    def _loss_of(
        self, forward: Callable[..., Any], frames: list[np.ndarray], batch: MicroBatch, store: FeatureStore
    ) -> torch.Tensor:
        prepared = store.batch(frames, batch.indices, batch.window)
        with autocast(self.world, self.config.precision):
            logits = forward(
                input_features=prepared.features.to(self.world.device),
                decoder_input_ids=prepared.decoder_ids.to(self.world.device),
            ).logits
        targets = prepared.targets.to(self.world.device)
        return cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )

    def _assert_gradients(self) -> None:
        missing = [
            name
            for name, value in self.model.named_parameters()
            if value.requires_grad and value.grad is None
        ]
        if missing:
            raise RuntimeError(f"No gradient reached {len(missing)} parameters, first {missing[0]}.")

    def _all_agree(self, stop: bool) -> bool:
        """True on every process as soon as one was asked to stop: all must leave at the same step."""
        if self.world.size == 1:
            return stop
        flag = torch.tensor([float(stop)], device=self.world.device)
        distributed.all_reduce(flag)
        return bool(flag.item())

    def _save(self, path: Path, done: int) -> None:
        if self.world.is_first:
            checkpoint.save(
                path,
                step=done,
                model=self.model,
                optimizer=self.optimizer,
                scheduler=self.scheduler,
                seconds=self.seconds,
            )


class Curve:
    """Points of the loss curve in a file, and the same told to whoever watches."""

    def __init__(self, path: Path, done: int) -> None:
        """Points after step `done` are of an attempt that was not saved; they are dropped."""
        kept = []
        if path.exists():
            kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= done]
        path.write_text("".join(line + "\n" for line in kept))
        self._path = path

    def add(self, step: int, total: int, loss: StepLoss, rate: float, per_step_s: float) -> None:
        self._write(
            step=step,
            loss=round(loss.cross_entropy, 5),
            orthogonality=round(loss.orthogonality, 5),
            gradient_norm=round(loss.gradient_norm, 4),
            learning_rate=rate,
        )
        eta_s = round(per_step_s * (total - step))
        emit(stage="train", step=step, total_steps=total, loss=round(loss.cross_entropy, 4), eta_s=eta_s)

    def add_dev(self, step: int, loss: float) -> None:
        self._write(step=step, dev_loss=round(loss, 5))

    def _write(self, **point: float) -> None:
        with self._path.open("a") as stream:
            stream.write(json.dumps(point) + "\n")
