"""A small search on the tiny base: its folder, and its process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.training.tiny import make_run
from training.pipeline.search.request import Budget, SearchRequest
from training.pipeline.search.space import SearchSpace, draw

ROOT = Path(__file__).parents[2]
SPACE = {"init_r": {"low": 4, "high": 8}, "target_r": {"low": 1, "high": 3}}
BUDGET = {"trials": 3, "steps": 27, "reduction_factor": 3, "evaluation_utterances": 4, "concurrent": 1}


def make_search(
    folder: Path, base: Path, overrides: dict[str, object] | None = None, **budget: object
) -> Path:
    run = make_run(folder, base, sets=0, **(overrides or {}))
    asked = Budget.from_dict({**BUDGET, **budget})
    points = draw(SearchSpace.from_dict(SPACE, run.config), run.config, asked.trials, asked.seed)
    path = folder / "search"
    path.mkdir()
    SearchRequest(run.config, run.inputs, asked, tuple(points)).write(path)
    return path


def start(folder: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "training.pipeline.search", str(folder)]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
