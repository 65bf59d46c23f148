"""The run's folder: the request, one result file a stage, and the words sent to whoever watches.

A stage is done when its `<stage>.json` exists: files are written whole or not at all.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.pipeline.config import PipelineConfig, RunInputs

REQUEST = "request.json"
MARK = "@@"  # a line that starts so is progress; every other line is log


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it over `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with written_whole(path) as temporary:
        temporary.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
        )


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def emit(**fields: Any) -> None:
    """One line of progress for the worker."""
    sys.stdout.write(MARK + json.dumps(fields, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class RunFolder:
    path: Path
    config: PipelineConfig
    inputs: RunInputs

    @classmethod
    def create(cls, path: Path, config: PipelineConfig, inputs: RunInputs) -> "RunFolder":
        path.mkdir(parents=True, exist_ok=True)
        write_json(path / REQUEST, {"config": config.as_dict(), "inputs": inputs.as_dict()})
        return cls(path, config, inputs)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        request = read_json(path / REQUEST)
        return cls(path, PipelineConfig.from_dict(request["config"]), RunInputs.from_dict(request["inputs"]))

    @property
    def data_root(self) -> Path:
        return Path(self.inputs.data_root)

    @property
    def adapter(self) -> Path:
        """The plain LoRA at its final strength; none after a method that trains the weights themselves."""
        return self.path / "merge" / "adapter"

    @property
    def strength(self) -> float:
        """Share of the learned change that is kept: what was chosen, else what was set."""
        return (
            self.result("strength")["strength"] if self.is_done("strength") else self.config.adapter_strength
        )

    def result(self, stage: str) -> dict[str, Any]:
        return read_json(self.path / f"{stage}.json")

    def is_done(self, stage: str) -> bool:
        return (self.path / f"{stage}.json").exists()

    def mark_done(self, stage: str, result: dict[str, Any]) -> None:
        write_json(self.path / f"{stage}.json", result)
