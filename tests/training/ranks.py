"""Runs trained by several processes under torchrun, and what each process had at the end.

`python -m tests.training.ranks <folder>[:<steps>]…` is what each process runs: prepared run folders, one
after another, stopped as by SIGTERM after so many steps.
"""

import hashlib
import json
import os
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import torch

from tests.training.tiny import make_run
from training.pipeline import adapter, normalize, prepare, train
from training.pipeline.features import FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import StopFlag, Stopped, end_process, join_world, leave_world


def prepared(folder, base, **overrides):
    run = make_run(folder, base, **overrides)
    run.mark_done("normalize", normalize.run(run))
    run.mark_done("prepare", prepare.run(run))
    return run


def trained_by(count, *runs, stop_after=()):
    """-> for each run, what each of `count` processes had at the end.

    `stop_after`: steps after which the first, second… run is stopped; 0: it goes to its end.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    folders = [f"{run.path}:{steps}" for run, steps in zip_longest(runs, stop_after, fillvalue=0)]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command += ["-m", "tests.training.ranks", *folders]
    done = subprocess.run(command, env=environment, timeout=400, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [
        [torch.load(run.path / f"rank{rank}.pt", weights_only=False) for rank in range(count)] for run in runs
    ]


def train_here(run, world, stop_after=0):
    """-> what this process had at the end."""
    trainer = train.trainer_for(run, world)
    stop, step, take, passes = StopFlag(), trainer.step, trainer.loader.take, []

    def and_then_sigterm(one, number):
        stop.is_set = number + 1 == stop_after
        return step(one, number)

    def counted(one, number):
        taken = take(one, number)
        passes.append(len(taken))
        return taken

    trainer.step, trainer.loader.take = and_then_sigterm, counted
    (run.path / "train").mkdir(exist_ok=True)
    try:
        train.train(trainer, run.path / "train", FeatureStore(run.path / "prepare", "dev"), stop)
    except Stopped:
        assert stop_after
    values = {name: value.detach().cpu() for name, value in trained_parameters(trainer.model).items()}
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for value in values.values()))
    is_adalora = run.config.method == "adalora"
    model = getattr(trainer.strategy, "_model", None)
    return {
        "values": values,
        "digest": digest.hexdigest(),
        "ranks": adapter.pattern_ranks(trainer.model) if is_adalora else {},
        "pattern": json.dumps(adapter.adalora_of(trainer.model).rank_pattern) if is_adalora else "",
        "passes": passes,
        "find_unused": getattr(model, "find_unused_parameters", None),
    }


def main():
    world = join_world()
    torch.manual_seed(world.rank)
    for argument in sys.argv[1:]:
        path, steps = argument.rsplit(":", 1)
        run = RunFolder.open(Path(path))
        torch.save(train_here(run, world, int(steps)), run.path / f"rank{world.rank}.pt")
    leave_world(world)
    end_process(0)


if __name__ == "__main__":
    main()
