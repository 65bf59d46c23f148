"""The study: Ray Tune gives every trial a process, ASHA ends the poor ones, results.jsonl remembers.

All trials stand at the first rung before one goes on: ASHA, which decides as reports come, would let through
whoever is there first. And nobody is ended to leave a core idle: that saves no time and may cost the best.
Tune's own state is thrown away. What a search needs to go on stands in the trials' checkpoints and in
results.jsonl: its reports are told to a fresh scheduler, which then decides as the old one would have.
Imports Ray: only ever in the search's own process (cluster.py says what must be set before).
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler

from training.pipeline.folder import emit, write_jsonl
from training.pipeline.processes import StopFlag, Stopped
from training.pipeline.search import results
from training.pipeline.search.cluster import Share
from training.pipeline.search.request import RESULTS, Budget, SearchRequest
from training.pipeline.search.results import DONE, FAILED, RESTARTED, RUNNING, STOPPED, Report

logger = logging.getLogger(__name__)
MOST_DEATHS = 3  # of one trial's process, before the trial is given up


class TrialsFailedError(Exception):
    """Not one trial came to a result."""


def study(folder: Path, request: SearchRequest, share: Share, storage: Path, stop: StopFlag) -> None:
    """Every trial that has not ended. Raises Stopped when asked to stop, TrialsFailedError."""
    budget, run = request.budget, partial(_run, folder, request, share, storage, stop)
    why = ""
    if budget.stop_early and budget.rungs > 1:
        why = run(FIFOScheduler(), budget.first_rung)
        keep_best(folder, budget, share.concurrent)
    scheduler = scheduler_of(budget, len(_not_ended(folder, budget)) > share.concurrent)
    remember(scheduler, folder, budget)
    why = run(scheduler, budget.steps) or why
    if all(state == FAILED for state in results.states(results.read(folder)).values()):
        raise TrialsFailedError(why or "No trial came to a result.")


def _run(
    folder: Path,
    request: SearchRequest,
    share: Share,
    storage: Path,
    stop: StopFlag,
    scheduler: TrialScheduler,
    until: int,
) -> str:
    """Whoever has not ended, up to the step `until` -> why a trial failed. Raises Stopped."""
    reports = results.read(folder)
    numbers = [n for n in _not_ended(folder, request.budget) if results.reported_step(reports, n) < until]
    notes = Notes(folder, request.budget, until)
    notes.tell()
    if numbers:
        tuner = tune.Tuner(
            tune.with_resources(_trial, share.resources),
            param_space={
                "folder": str(folder),
                "threads": share.threads,
                "number": tune.grid_search(numbers),
            },
            tune_config=tune.TuneConfig(
                scheduler=scheduler,
                max_concurrent_trials=share.concurrent,
                reuse_actors=True,  # importing torch takes longer than a short trial
            ),
            run_config=tune.RunConfig(
                name=f"search-{until}",
                storage_path=str(storage),
                verbose=0,
                callbacks=[notes],
                stop=_Until(until, stop),
                failure_config=tune.FailureConfig(max_failures=MOST_DEATHS),
            ),
        )
        tuner.fit()
    if stop.is_set:
        raise Stopped
    return notes.why


def keep_best(folder: Path, budget: Budget, concurrent: int = 1) -> None:
    """Of all that stand at the first rung one in `reduction_factor` goes on, the lowest losses; more, up to
    half of all, where as many train at a time.

    Safe to repeat: what has gone on since is judged by what it had there.
    """
    reports = results.read(folder)
    states = results.states(reports)
    there = {one.trial: one for one in _scored(reports) if one.step == budget.first_rung}
    best = sorted(there.values(), key=lambda one: (one.loss, one.trial))
    kept = max(ceil(len(best) / budget.reduction_factor), min(concurrent, len(best) // 2))
    for report in best[kept:]:
        if states[report.trial] not in results.ENDED:
            results.add(folder, replace(report, state=STOPPED))


def _not_ended(folder: Path, budget: Budget) -> list[int]:
    states = results.states(results.read(folder))
    return [n for n in range(budget.trials) if states.get(n) not in results.ENDED]


def scheduler_of(budget: Budget, somebody_waits: bool = True) -> TrialScheduler:
    """Of the rungs above the first, which `keep_best` has judged. They compare the loss per token on the
    held-out speech; CER decides among those that reach the end.

    While a rate is at its peak, CER rises before it falls and is noisy on few utterances; the loss already
    tells who learns fastest (docs/experiments.md).
    """
    if not budget.stop_early or budget.rungs < 3 or not somebody_waits:
        return FIFOScheduler()
    return ASHAScheduler(
        time_attr="step",
        metric="loss",
        mode="min",
        max_t=budget.steps,
        grace_period=budget.milestones[1],
        reduction_factor=budget.reduction_factor,
    )


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A trial of an earlier attempt, as far as a scheduler looks at it."""

    trial_id: str


def remember(scheduler: Any, folder: Path, budget: Budget) -> None:
    """Tells the scheduler what was reported before; decisions that a death kept from a trial are made now."""
    reports = results.read(folder)
    write_jsonl(folder / RESULTS, [asdict(one) for one in reports])  # drops a line that was cut off
    if isinstance(scheduler, FIFOScheduler) and not isinstance(scheduler, ASHAScheduler):
        return
    last: dict[int, tuple[Report, str]] = {}
    for report in _scored(reports):
        trial = _Earlier(f"earlier-{report.trial}")
        if report.trial not in last:
            scheduler.on_trial_add(None, trial)
        decision = scheduler.on_trial_result(None, trial, {"step": report.step, "loss": report.loss})
        last[report.trial] = report, decision
    states = results.states(reports)
    for number, (report, decision) in last.items():
        if states[number] not in results.ENDED and decision == TrialScheduler.STOP:
            results.add(
                folder,
                replace(report, state=_state(report.step, True, budget)),
            )


class Notes(tune.Callback):
    """Writes each report down before anybody acts on it, and tells how far the search is."""

    def __init__(self, folder: Path, budget: Budget, until: int) -> None:
        self._folder, self._budget, self._until = folder, budget, until
        self.why = ""

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        number, step = trial.config["number"], result["step"]
        state = _state(step, bool(result.get("done")) and step != self._until, self._budget)
        self._add(Report(number, step, result["cer"], round(result["seconds"], 1), state, result["loss"]))
        logger.info("trial %d, step %d: CER %.4f, %s", number, step, result["cer"], state)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number = trial.config["number"]
        logger.warning("the process of trial %d died; another goes on from its checkpoint", number)
        self._add(Report(number, self._step(number), None, 0.0, RESTARTED))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        number = trial.config["number"]
        self.why = _reason(trial)
        logger.error("trial %d failed: %s", number, self.why)
        self._add(Report(number, self._step(number), None, 0.0, FAILED))

    def tell(self) -> None:
        states = results.states(results.read(self._folder)).values()
        ended = sum(state in results.ENDED for state in states)
        emit(stage="search", step=ended, total_steps=self._budget.trials)

    def _add(self, report: Report) -> None:
        results.add(self._folder, report)
        self.tell()

    def _step(self, number: int) -> int:
        return results.reported_step(results.read(self._folder), number)


class _Until(tune.Stopper):
    def __init__(self, step: int, stop: StopFlag) -> None:
        self._step, self._stop = step, stop

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return bool(result["step"] >= self._step)

    def stop_all(self) -> bool:
        return self._stop.is_set


def _trial(config: dict[str, Any]) -> None:
    """In a process of Ray's."""
    import torch

    from training.pipeline.search.trial import run_trial

    torch.set_num_threads(config["threads"])

    def tell(step: int, cer: float, loss: float, seconds: float) -> None:
        tune.report({"step": step, "cer": cer, "loss": loss, "seconds": seconds})

    run_trial(Path(config["folder"]), config["number"], tell)


def _state(step: int, is_over: bool, budget: Budget) -> str:
    if step >= budget.steps:
        return DONE
    return STOPPED if is_over else RUNNING


def _scored(reports: Iterable[Report]) -> list[Report]:
    return [one for one in reports if one.cer is not None]


def _reason(trial: Any) -> str:
    """The last line of what Ray kept of it."""
    path = trial.error_file and Path(trial.error_file)
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path and path.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:300] if said else ""
