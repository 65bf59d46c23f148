"""The model under training, and one step of it. Readable from top to bottom; nothing hidden in a framework.

The loss is the sum over the tokens of the whole step, whatever the number of processes and passes. Order of
a step: backward, clip, optimizer.step, what the method does after a step (AdaLoRA reads importance from the
gradients and masks the updated rows), zero_grad.
"""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel

from training.pipeline import checkpoint
from training.pipeline.batches import BatchPlan, MicroBatch, Step, window_for
from training.pipeline.config import PipelineConfig
from training.pipeline.curve import StepLoss
from training.pipeline.encoder_cache import EncoderCache
from training.pipeline.features import Batch, FeatureStore
from training.pipeline.loader import Loader, speech_frames
from training.pipeline.memory_search import fits_on, largest_that_fits
from training.pipeline.meter import Meter
from training.pipeline.methods import method_for
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.objective import Objective
from training.pipeline.processes import World
from training.pipeline.schedule import warmup_and_cosine


class Trainer:
    def __init__(
        self,
        base: Any,
        plan: BatchPlan,
        store: FeatureStore,
        config: PipelineConfig,
        world: World,
        cache: EncoderCache | None = None,
    ) -> None:
        self.plan, self.store, self.config, self.world = plan, store, config, world
        self.total_steps = plan.total_steps()
        self.parameters = sum(value.numel() for value in base.parameters())
        self.method = method_for(config)
        attached: Any = self.method.attach(base, self.total_steps)
        self.model: Any = attached.to(world.device)
        if config.activation_checkpointing:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
        self.model.train()
        self.trainable = list(trained_parameters(self.model).values())
        self.trainable_parameters = sum(value.numel() for value in self.trainable)
        self.optimizer = torch.optim.AdamW(
            self.trainable,
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=config.fused_optimizer,
        )
        self.scheduler = warmup_and_cosine(self.optimizer, config, self.total_steps)
        self.objective = Objective(self.method, config, world)
        self.loader = Loader(store, config, world.rank, world.size, cache)
        self.meter = Meter(world.device)
        self.forward: Callable[..., Any] = torch.compile(self.model) if config.compile else self.model
        if world.size > 1:
            self.forward = DistributedDataParallel(self.model, find_unused_parameters=False)
        self.seconds = 0.0  # over all attempts
        self.metered_s = 0.0  # of this attempt

    def restore(self, path: Path) -> int:
        """-> steps done."""
        done, self.seconds, self.loader.micro_batch_s = checkpoint.load(
            path, method=self.method, optimizer=self.optimizer, scheduler=self.scheduler
        )
        return done

    def save(self, path: Path, done: int) -> None:
        if self.world.is_first:
            checkpoint.save(
                path,
                step=done,
                method=self.method,
                optimizer=self.optimizer,
                scheduler=self.scheduler,
                seconds=self.seconds,
                micro_batch_s=self.loader.micro_batch_s,
            )

    def step(self, step: Step, number: int) -> StepLoss:
        """One optimizer step, `number` steps done before it."""
        with self.meter.data():
            passes = self.loader.take(step, number)
        padded = sum(len(batch.indices) * batch.window for batch, _ in passes)
        with self.meter.flops(padded) if not self.meter.flops_per_frame else nullcontext():
            losses = self._backward(passes, step.tokens)
        penalty = self.method.penalty()
        if penalty is not None and self.config.orth_reg_weight:
            # Equal on every process, so it needs no exchange.
            (self.config.orth_reg_weight * penalty).backward()
        if number == 0:
            self._assert_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.trainable, self.config.grad_clip)
        self.optimizer.step()
        self.scheduler.step()
        self.method.after_step(number + 1)
        self.optimizer.zero_grad()
        self.meter.add(speech_frames(self.store, [batch for batch, _ in passes]), padded)
        if self.world.size > 1:
            distributed.all_reduce(losses)
        orthogonality = 0.0 if penalty is None else float(penalty.detach())
        return StepLoss(float(losses) / step.tokens, orthogonality, float(norm))

    def _backward(self, passes: list[tuple[MicroBatch, Batch]], tokens: int) -> torch.Tensor:
        """Gradients of this process's share -> sum of its cross-entropies."""
        losses = torch.zeros((), device=self.world.device)
        for position, (micro, batch) in enumerate(passes):
            is_last = position == len(passes) - 1
            with nullcontext() if is_last or self.world.size == 1 else self.forward.no_sync():  # type: ignore[attr-defined]
                aim, entropy = self.objective.summed(self.forward, batch)
                counts = float(micro.counts)
                losses += entropy.detach() * counts
                # DDP averages over processes: times their number, the sum over all tokens remains.
                (aim * counts * self.world.size / tokens).backward()
        return losses

    def rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    @torch.no_grad()
    def dev_loss(self, dev: FeatureStore) -> float:
        """Cross-entropy per token on speakers and sentences held out. Watched, never selected on."""
        self.model.eval()
        total = 0.0
        for index, cut in enumerate(dev.cuts):
            window = window_for(cut.frames, dev.full_frames)
            total += float(
                self.objective.summed(self.model, dev.batch([dev.frames_of(index)], [index], window))[1]
            )
        self.model.train()
        return total / sum(cut.tokens for cut in dev.cuts)

    def find_micro_batch(self) -> None:
        """Sets what fits into one pass, the same on every process, and leaves no trace."""
        longest = max(range(len(self.store.cuts)), key=lambda index: self.store.cuts[index].tokens)
        window = window_for(max(cut.frames for cut in self.store.cuts), self.store.full_frames)

        def one_pass(seconds: float) -> None:
            rows = [longest] * max(1, int(seconds * 100) // window)
            batch = self.store.batch([self.store.frames_of(longest)] * len(rows), rows, window)
            try:
                self.objective.summed(self.model, batch)[0].backward()
            finally:
                self.optimizer.zero_grad()

        with torch.random.fork_rng():
            found = largest_that_fits(
                fits_on(self.world.device, one_pass), self.config.batch_s / self.world.size
            )
        if self.world.size > 1:
            least = torch.tensor([found], device=self.world.device)
            distributed.all_reduce(least, distributed.ReduceOp.MIN)
            found = float(least)
        self.loader.micro_batch_s = found

    def _assert_gradients(self) -> None:
        missing = [
            name
            for name, value in self.model.named_parameters()
            if value.requires_grad and value.grad is None
        ]
        if missing:
            raise RuntimeError(f"No gradient reached {len(missing)} parameters, first {missing[0]}.")
