"""What the page of a run shows: its curve, its log, what was set otherwise than last time."""

import json
from pathlib import Path
from typing import Any

from base.storage import data_path
from training.models import Run, RunStatus, Search
from training.pipeline.config import STAGES, PipelineConfig

LOG = "run.log"
LOG_TAIL_BYTES = 16_000
UNDER_WAY = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.CANCELLING)
RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.FAILED, RunStatus.CANCELLED)


def log_tail(run: Run | Search) -> str:
    path = data_path(run.folder) / LOG if run.folder else None
    if path is None or not path.exists():
        return ""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return stream.read().decode("utf-8", "replace")


def curve_of(run: Run) -> list[dict[str, Any]]:
    """Points: {step, loss, orthogonality, gradient_norm, learning_rate} or {step, dev_loss}."""
    return points_of(data_path(run.folder)) if run.folder else []


def last_point(folder: Path) -> dict[str, Any]:
    """Of the curve in the folder of a run or of a trial; empty before the first."""
    points = points_of(folder)
    return points[-1] if points else {}


def points_of(folder: Path) -> list[dict[str, Any]]:
    path = folder / "train" / "curve.jsonl"
    if not path.exists():
        return []
    points = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            points.append(json.loads(line))
        except ValueError:  # the last line while it is being written
            break
    return points


def stage_result(run: Run, stage: str) -> dict[str, Any]:
    """What a stage has left; empty before its end."""
    path = data_path(run.folder) / f"{stage}.json" if run.folder else None
    return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}


def stages_of(run: Run) -> list[dict[str, Any]]:
    """Every stage with its state (done, current, failed, waiting) and its seconds."""
    stages = []
    for name in STAGES:
        state = "waiting"
        if name in run.stage_seconds:
            state = "done"
        elif name == run.stage and run.status == RunStatus.FAILED:
            state = "failed"
        elif name == run.stage and run.status in UNDER_WAY:
            state = "current"
        stages.append({"name": name, "state": state, "seconds": run.stage_seconds.get(name)})
    return stages


def config_rows(run: Run) -> list[dict[str, Any]]:
    """Each knob, its value, its default, and the value of the run before where that differs."""
    last = Run.objects.filter(pk__lt=run.pk, config__isnull=False).order_by("-pk").first()
    defaults = PipelineConfig().as_dict()
    return [
        {
            "name": name,
            "value": words_of(value),
            "default": words_of(defaults.get(name)),
            "changed": last is not None and last.config.get(name) != value,
            "last": words_of(last.config.get(name)) if last else "",
        }
        for name, value in run.config.items()
    ]


def words_of(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
