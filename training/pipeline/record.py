"""Stage 7: the model moves to its final place, and the run becomes one result file and one CSV row."""

import csv
import fcntl
import platform
from datetime import UTC, datetime
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from speech.text import NORMALISER_VERSION
from training.pipeline.config import STAGES
from training.pipeline.folder import RunFolder, write_json, written_whole
from training.pipeline.tracking import tell_scores
from training.pipeline.weights import sha256_of_weights

RESULT = "result.json"
_LIBRARIES = (
    "torch",
    "transformers",
    "peft",
    "tokenizers",
    "numpy",
    "soxr",
    "jiwer",
    "bitsandbytes",
    "deepspeed",
)
_STATISTICS = ("corpus", "mean", "median", "mean_trimmed", "median_trimmed")


def run(folder: RunFolder) -> dict[str, Any]:
    results = {stage: folder.result(stage) for stage in STAGES if stage != "record"}
    model = publish(folder.path / "merge" / "model", Path(folder.inputs.models_folder))
    summary = {
        "model": str(model),
        "model_sha256": results["merge"]["sha256"],
        "adapter": str(folder.adapter) if folder.adapter.exists() else "",
        "normaliser_version": NORMALISER_VERSION,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **results,
    }
    append_row(Path(folder.inputs.runs_csv), row_of(folder, summary))
    write_json(folder.path / RESULT, summary)
    tell_scores(folder, summary)
    return {"model": str(model)}


def versions() -> dict[str, str]:
    """What must be installed to make the run again, beside git commit, dataset and configuration."""
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in _LIBRARIES if find_spec(name) is not None
    }


def publish(model: Path, models_folder: Path) -> Path:
    """Moves the folder to its name by content; a second call finds it there."""
    models_folder.mkdir(parents=True, exist_ok=True)
    if not model.exists():
        marker = model.parent / "published"
        return Path(marker.read_text(encoding="utf-8"))
    target = models_folder / sha256_of_weights(model)[:16]
    (model.parent / "published").write_text(str(target), encoding="utf-8")
    if not target.exists():
        model.rename(target)
    return target


def row_of(folder: RunFolder, summary: dict[str, Any]) -> dict[str, Any]:
    """Everything that was set and everything that came of it, flat."""
    inputs = folder.inputs
    row: dict[str, Any] = {
        "run": inputs.run_id,
        "name": inputs.name,
        "finished_at": summary["finished_at"],
        "git_commit": inputs.git_commit,
        "dataset_sha256": inputs.dataset_sha256,
        "normaliser_version": summary["normaliser_version"],
        "versions": " ".join(f"{name}={version}" for name, version in summary["versions"].items()),
        "base": inputs.base_ref,
        "model": summary["model"],
        "model_sha256": summary["model_sha256"],
        "utterances": summary["normalize"]["utterances"],
        "replay_utterances": summary["normalize"]["replay_utterances"],
        "trainable_parameters": summary["train"]["trainable_parameters"],
        "rank_total": summary["train"]["rank_total"],
        "steps": summary["train"]["steps"],
        "train_seconds": summary["train"]["train_seconds"],
        "strength": summary["strength"]["strength"],
        "variable_window": summary["evaluate"]["variable_window"],
    }
    for score in summary["evaluate"]["scores"]:
        for name in _STATISTICS:
            row[f"{score['subject']}_{score['set_name']}_{name}"] = score[name]
    settings = {
        key: " ".join(map(str, value)) if isinstance(value, list) else value for key, value in _config(folder)
    }
    return {**row, **settings}


def append_row(path: Path, row: dict[str, Any]) -> None:
    """One row a run: a second row of the same run replaces the first; new columns are added at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows: list[dict[str, Any]] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as stream:
                rows = [old for old in csv.DictReader(stream) if old["run"] != row["run"]]
        rows.append(row)
        columns = list(dict.fromkeys(key for one in rows for key in one))
        with written_whole(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)


def _config(folder: RunFolder) -> list[tuple[str, Any]]:
    return [(f"config_{key}", value) for key, value in folder.config.as_dict().items()]
