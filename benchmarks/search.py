"""What ASHA saves, and what it costs: the same eight trials with it and all to the end.

Run: `python -m benchmarks.search [--quick]`
The demo hospital and the bundled model, the same configurations, seeds, sound and number of trials at a time;
each search is timed as a process of its own, Ray's start included, from data that is prepared once.
--quick trains half as long.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, emit

if TYPE_CHECKING:
    from benchmarks.active_learning.pool import Spoken
    from training.pipeline.search.request import SearchRequest

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / "models" / "auscult-base"
TRIALS, TIME_BAR, STOPPED_BAR = 8, 0.5, 4
FULL_STEPS, QUICK_STEPS = 160, 80
KNOBS = {"batch_s": 16.0, "micro_batch_s": 16.0, "dev_share": 0.2, "log_every_steps": 10, "augment_copies": 0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` of the clock; the best CER is of trials that were trained to the end."""

    seconds: float
    stopped: int
    best_cer: float
    trained_steps: int


def request_in(root: Path, steps: int, recordings: int) -> "SearchRequest":
    """The demo hospital's sound under `root`, and the search for it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    import django

    django.setup()
    from benchmarks.active_learning.pool import build
    from training.demo.script import Sizes
    from training.pipeline.config import PipelineConfig, RunInputs
    from training.pipeline.search.request import Budget, SearchRequest
    from training.pipeline.search.space import SearchSpace, draw

    hospital = build(Sizes(recordings=recordings, medical_set=1, general_set=1, replay=60, dictations=0))
    _write(root, "train", hospital.pool)
    _write(root, "replay", hospital.replay)
    config = PipelineConfig.from_dict({**KNOBS, "replay_manifest": "replay.jsonl"})
    inputs = RunInputs(
        run_id="search",
        name="search",
        data_root=str(root),
        base_ref=str(BASE),
        train_manifest=str(root / "train.jsonl"),
        dataset_sha256="",
        models_folder="",
        runs_csv="",
    )
    budget = Budget(trials=TRIALS, steps=steps, evaluation_utterances=30)
    points = draw(SearchSpace.from_dict({}, config), config, TRIALS, budget.seed)
    return SearchRequest(config, inputs, budget, tuple(points))


def _write(root: Path, name: str, spoken: "Sequence[Spoken]") -> None:
    from speech import manifest
    from speech.audio import write_flac
    from speech.manifest import Utterance

    rows = []
    for number, one in enumerate(spoken):
        path = f"{name}-{number}.flac"
        write_flac(root / path, one.samples)
        rows.append(Utterance(path, 0, one.duration_ms, one.said, one.speaker, f"{name}-{number}"))
    manifest.write(root / f"{name}.jsonl", rows)


def run(folder: Path) -> Outcome:
    """The search's own process, to its end. Raises CalledProcessError with its log on the screen."""
    from training.pipeline.search import results

    environment = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **os.environ, "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    command = [sys.executable, "-m", "training.pipeline.search", str(folder)]
    subprocess.run(command, env=environment, check=True, cwd=ROOT, stdout=sys.stderr)
    seconds = time.monotonic() - started
    reports = results.read(folder)
    best = results.best(reports)
    assert best is not None and best.cer is not None
    return Outcome(
        seconds,
        sum(one.state == results.STOPPED for one in reports),
        best.cer,
        sum(results.reported_step(reports, number) for number in range(TRIALS)),
    )


def measure(steps: int, recordings: int) -> tuple[Outcome, Outcome]:
    """-> (with ASHA, all to the end)."""
    from training.pipeline.processes import StopFlag
    from training.pipeline.search.base import prepared

    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        request = request_in(root, steps, recordings)
        asha, full = root / "asha", root / "full"
        asha.mkdir()
        prepared(asha, request, StopFlag())
        shutil.copytree(asha, full)
        request.write(asha)
        whole = request.budget.model_copy(update={"stop_early": False})
        replace(request, budget=whole).write(full)
        return run(asha), run(full)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    command = f"python -m benchmarks.search{' --quick' if arguments.quick else ''}"
    steps, recordings = (QUICK_STEPS, 12) if arguments.quick else (FULL_STEPS, 18)
    asha, full = measure(steps, recordings)
    ratio = asha.seconds / full.seconds
    more = {
        "asha_s": round(asha.seconds, 1),
        "full_s": round(full.seconds, 1),
        "steps": steps,
        "asha_trained_steps": asha.trained_steps,
        "full_trained_steps": full.trained_steps,
    }
    rounded = round(ratio, 3)
    time_figure = Figure("search", "asha_time_ratio", rounded, "share", command, bar=TIME_BAR, more=more)
    emit(_judged(time_figure, ratio <= TIME_BAR))
    stopped = Figure("search", "trials_stopped_early", asha.stopped, "trials", command, bar=STOPPED_BAR)
    emit(_judged(stopped, asha.stopped >= STOPPED_BAR))
    emit(
        Figure(
            "search",
            "best_cer_difference",
            round(asha.best_cer - full.best_cer, 4),
            "CER",
            command,
            peer="all trials to the end",
            peer_value=round(full.best_cer, 4),
            more={"asha_best_cer": round(asha.best_cer, 4)},
        )
    )


def _judged(figure: Figure, holds: bool) -> Figure:
    return replace(figure, holds=holds)


if __name__ == "__main__":
    main()
