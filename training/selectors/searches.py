"""What the page of a search shows: every trial with its knobs and how far it is, and who leads."""

from dataclasses import dataclass, field
from typing import Any

from base.storage import data_path
from training.models import Run, RunStatus, Search
from training.pipeline.config import PipelineConfig
from training.pipeline.search import results
from training.pipeline.search.request import Budget, trial_folder
from training.pipeline.search.space import Knobs, overrides_of
from training.selectors.runs import UNDER_WAY, last_point

WAITING = "waiting"


@dataclass(slots=True)
class TrialRow:
    """`cers` are (step, CER) of its rungs; `step` may lie beyond the last of them."""

    number: int
    knobs: Knobs
    state: str = WAITING
    step: int = 0
    seconds: float = 0.0
    loss: float | None = None  # per token on the held-out speech, at its last rung
    restarts: int = 0
    cers: list[tuple[int, float]] = field(default_factory=list)
    is_best: bool = False
    run: Run | None = None

    @property
    def cer(self) -> float | None:
        return self.cers[-1][1] if self.cers else None


def trials_of(search: Search) -> list[TrialRow]:
    """In the order in which they were drawn; the best is marked."""
    reports = results.read(data_path(search.folder))
    best = results.best(reports)
    rows = [TrialRow(number, knobs) for number, knobs in enumerate(search.points)]
    for report in reports:
        _take(rows[report.trial], report)
    promoted = {str(run.uuid): run for run in Run.objects.filter(uuid__in=search.promoted.values())}
    for row in rows:
        row.is_best = best is not None and best.trial == row.number
        row.run = promoted.get(search.promoted.get(str(row.number), ""))
        if row.state not in results.ENDED:
            point = last_point(trial_folder(data_path(search.folder), row.number))
            row.step = max(row.step, int(point.get("step", 0)))
            row.state = _state_between_reports(row, search)
    return rows


def knob_names(search: Search) -> list[str]:
    return list(search.points[0]) if search.points else []


def overrides_of_trial(search: Search, number: int) -> dict[str, Any] | None:
    """What makes a run of it; None where there is no such trial."""
    if not 0 <= number < len(search.points):
        return None
    config = PipelineConfig.from_dict(search.config)
    return overrides_of(search.points[number], config, search.budget["steps"])


def milestones_of(search: Search) -> list[int]:
    return Budget.from_dict(search.budget).milestones


def _take(row: TrialRow, report: results.Report) -> None:
    if report.state == results.RESTARTED:
        row.restarts += 1
        return
    row.state = report.state
    if report.cer is not None:
        row.step, row.seconds, row.loss = report.step, report.seconds, report.loss
        if (report.step, report.cer) not in row.cers:
            row.cers.append((report.step, report.cer))


def _state_between_reports(row: TrialRow, search: Search) -> str:
    if search.status not in UNDER_WAY or search.status == RunStatus.QUEUED:
        return WAITING
    return results.RUNNING if row.step else WAITING
