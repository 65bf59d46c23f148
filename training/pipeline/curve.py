"""Points of the loss curve in a file, and the same told to whoever watches."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.pipeline.curve_table import CurveTable
from training.pipeline.folder import emit

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class StepLoss:
    """Of one step: cross-entropy per token (the curve), the penalty apart, the norm before clipping."""

    cross_entropy: float
    orthogonality: float
    gradient_norm: float


class Curve:
    def __init__(self, path: Path, done: int, listeners: Sequence[Listener] = ()) -> None:
        """Points after step `done` are of an attempt that was not saved; they are dropped."""
        kept = []
        if path.exists():
            kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= done]
        path.write_text("".join(line + "\n" for line in kept))
        self._path = path
        self._listeners: list[Listener] = [CurveTable(path), *listeners]

    def add(
        self, step: int, total: int, loss: StepLoss, rate: float, per_step_s: float, ranks: int = 0
    ) -> None:
        self._write(
            step=step,
            loss=round(loss.cross_entropy, 5),
            orthogonality=round(loss.orthogonality, 5),
            gradient_norm=round(loss.gradient_norm, 4),
            learning_rate=rate,
            **({"rank_total": ranks} if ranks else {}),
        )
        eta_s = round(per_step_s * (total - step))
        emit(stage="train", step=step, total_steps=total, loss=round(loss.cross_entropy, 4), eta_s=eta_s)

    def add_dev(self, step: int, loss: float) -> None:
        self._write(step=step, dev_loss=round(loss, 5))

    def _write(self, **point: float) -> None:
        with self._path.open("a") as stream:
            stream.write(json.dumps(point) + "\n")
        for listener in self._listeners:
            listener(point)
