"""What the trials have reported: one JSON line a report, the only memory of a search. No torch, no Ray."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from training.pipeline.search.request import RESULTS

RUNNING, STOPPED, DONE, FAILED, RESTARTED = "running", "stopped", "done", "failed", "restarted"
ENDED = frozenset({STOPPED, DONE, FAILED})


@dataclass(frozen=True, slots=True)
class Report:
    """`state` is what became of the trial at this step; `seconds` it has trained. A restart has no CER.

    `loss` per token on the held-out speech decides at the rungs, and between trials of the same CER.
    """

    trial: int
    step: int
    cer: float | None
    seconds: float
    state: str
    loss: float = 0.0


def add(folder: Path, report: Report) -> None:
    with (folder / RESULTS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(report)) + "\n")
        stream.flush()


def read(folder: Path) -> list[Report]:
    """In the order in which they came. A line that was being written when the power went is left out."""
    path = folder / RESULTS
    reports = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            reports.append(Report(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return reports


def states(reports: list[Report]) -> dict[int, str]:
    """Trial -> its last state."""
    return {one.trial: one.state for one in reports}


def best(reports: list[Report]) -> Report | None:
    """The lowest CER of those that came furthest: what a trial had at an early rung proves little."""
    scored = [one for one in reports if one.cer is not None]
    furthest = max((one.step for one in scored), default=0)
    last = [one for one in scored if one.step == furthest]
    return min(last, key=lambda one: (one.cer, one.loss, one.trial), default=None)


def reported_step(reports: list[Report], trial: int) -> int:
    """How far a trial has been judged."""
    return max((one.step for one in reports if one.trial == trial and one.cer is not None), default=0)
