"""The list of stages, in order. To add one: a module with `run`, a line here, its name in config.STAGES."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training.pipeline import evaluate, merge, normalize, prepare, record, strength, train


@dataclass(frozen=True, slots=True)
class Stage:
    """`run(folder)` on the first process, or `run(folder, world, stop)` on every process."""

    name: str
    run: Callable[..., dict[str, Any]]
    on_every_process: bool = False


STAGES = (
    Stage("normalize", normalize.run),
    Stage("prepare", prepare.run),
    Stage("train", train.run, on_every_process=True),
    Stage("strength", strength.run),
    Stage("merge", merge.run),
    Stage("evaluate", evaluate.run),
    Stage("record", record.run),
)
