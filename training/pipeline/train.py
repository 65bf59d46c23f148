"""Stage 3: base and prepared cuts -> what was learned. The loop: resume, curve, checkpoints."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed

from training.pipeline import tracking
from training.pipeline.batches import BatchPlan
from training.pipeline.curve import Curve
from training.pipeline.encoder_cache import EncoderCache, may_cache, write_cache
from training.pipeline.families.settle import settled
from training.pipeline.features import FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.loader import with_next
from training.pipeline.meter import memory_of
from training.pipeline.mwer import fine_tune
from training.pipeline.processes import StopFlag, Stopped, World
from training.pipeline.start import load_start, load_start_in_8bit
from training.pipeline.trainer import Trainer

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.jsonl"
CACHE = "encoded.f16"


def run(folder: RunFolder, world: World, stop: StopFlag) -> dict[str, Any]:
    dev = FeatureStore(folder.path / "prepare", "dev")
    trainer = trainer_for(folder, world)
    target = folder.path / "train"
    target.mkdir(exist_ok=True)
    with tracking.listeners(folder, world) as listeners:
        train(trainer, target, dev, stop, listeners)
    risks = fine_tune(trainer, folder.inputs.base_ref) if folder.config.mwer_steps else []
    rows: dict[str, int] = {}
    if world.is_first:
        rows = trainer.method.export(target / "adapter")
    world.wait_for_all()
    return {
        "method": folder.config.method,
        "steps": trainer.total_steps,
        "trainable_parameters": trainer.trainable_parameters,
        "rank_pattern": rows,
        "rank_total": sum(rows.values()),
        "train_seconds": round(trainer.seconds, 1),
        "expected_errors": [risks[0], risks[-1]] if risks else [],
        "micro_batch_s": trainer.loader.micro_batch_s,
        "processes": world.size,
        "device": world.device.type,
        **trainer.meter.report(trainer.metered_s, world.size),
        **memory_of(trainer.trainable_parameters, trainer.parameters),
    }


def trainer_for(folder: RunFolder, world: World) -> Trainer:
    folder = settled(folder)
    store = FeatureStore(folder.path / "prepare", "train")
    torch.manual_seed(folder.config.seed)
    load = load_start_in_8bit if folder.config.load_in_8bit else load_start
    base = load(folder.inputs, folder.config.attention)
    cached = may_cache(folder.config)
    plan = BatchPlan(store.cuts, folder.config, store.full_frames, own_windows=cached)
    cache = encoder_cache(folder, store, base, world) if cached else None
    return Trainer(base, plan, store, folder.config, world, cache)


def encoder_cache(folder: RunFolder, store: FeatureStore, base: Any, world: World) -> EncoderCache:
    path = folder.path / "train" / CACHE
    if world.is_first and not path.exists():
        write_cache(path, store, base.get_encoder().to(world.device).eval(), world.device)
    world.wait_for_all()
    return EncoderCache(path, store, base.config.d_model)


def train(
    trainer: Trainer,
    target: Path,
    dev: FeatureStore,
    stop: StopFlag,
    listeners: Sequence[tracking.Listener] = (),
    on_checkpoint: Callable[[int], None] = lambda done: None,
) -> None:
    """Every step that is left. Raises Stopped, after a checkpoint, when asked to stop.

    `on_checkpoint` hears how many steps are safe: after each checkpoint, and at once when going on.
    """
    stop.raises = False
    config, saved, done = trainer.config, target / CHECKPOINT, 0
    if saved.exists():
        done = trainer.restore(saved)
        on_checkpoint(done)
    elif config.micro_batch_s == 0:
        trainer.find_micro_batch()
    curve = Curve(target / CURVE, done, listeners) if trainer.world.is_first else None
    before, started, first = trainer.seconds, time.monotonic(), done
    for step, following in with_next(trainer.plan.steps(done)):
        if done == trainer.total_steps:
            break
        if following and done + 1 < trainer.total_steps:
            trainer.loader.begin(following, done + 1)
        loss = trainer.step(step, done)
        done += 1
        trainer.metered_s = time.monotonic() - started
        trainer.seconds = before + trainer.metered_s
        if curve and (done % config.log_every_steps == 0 or done == trainer.total_steps):
            per_step_s = trainer.metered_s / (done - first)
            curve.add(
                done, trainer.total_steps, loss, trainer.rate(), per_step_s, trainer.method.rank_total()
            )
        at_checkpoint = done % config.checkpoint_every_steps == 0 or done == trainer.total_steps
        stopping = _all_agree(stop.is_set, trainer.world)
        if at_checkpoint or stopping:
            if curve and dev.cuts and not stopping:
                curve.add_dev(done, trainer.dev_loss(dev))
            trainer.save(saved, done)
            on_checkpoint(done)
        if stopping and done < trainer.total_steps:
            raise Stopped
    stop.raises = True


def _all_agree(stop: bool, world: World) -> bool:
    """True on every process as soon as one was asked to stop: all must leave at the same step."""
    if world.size == 1:
        return stop
    flag = torch.tensor([float(stop)], device=world.device)
    distributed.all_reduce(flag)
    return bool(flag.item())
