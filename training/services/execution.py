"""What a worker does with a run (or a search): claims it, follows the subprocess, writes down how it ended.

The claim is a token: an attempt that lost it (the row was marked interrupted and taken up by another
worker) stops its subprocess and writes nothing more.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services import entry_add
from base.errors import DomainError
from base.storage import data_path
from training.models import EvaluationSet, Run, RunStatus, Search
from training.pipeline.config import EvaluationInput, PipelineConfig, RunInputs
from training.pipeline.folder import MARK, REQUEST, RunFolder
from training.selectors.evaluations import evaluation_of
from training.selectors.held_out import held_out_manifests
from training.selectors.lineage import what_it_starts_from
from training.selectors.runs import LOG
from training.services.leaks import refuse_leaks, refuse_replay_leaks
from training.services.pipeline_process import PipelineProcess
from training.services.speech_models import model_register, read_result

logger = logging.getLogger(__name__)
Start = Callable[[Path], PipelineProcess]

MODELS_FOLDER, RUNS_CSV = "models", "runs.csv"
WRITE_EVERY_S = 1.0


@dataclass(slots=True)
class Progress:
    """What the subprocess has told, as the row keeps it."""

    values: dict[str, Any] = field(default_factory=dict)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    error: str = ""
    last_line: str = ""
    has_spoken: bool = False

    def take(self, line: str) -> bool:
        """-> whether the line was progress (and not log)."""
        if not line.startswith(MARK):
            self.last_line = line.strip() or self.last_line
            return False
        try:
            told = json.loads(line[len(MARK) :])
        except ValueError:
            return False
        self.has_spoken = True
        self.error = told.get("error", self.error)
        if told.get("state") == "done":
            self.stage_seconds[told["stage"]] = told["seconds"]
        elif told.get("stage"):
            # A stage that tells no step yet starts at none.
            fresh = {"step": 0, "total_steps": 0, "eta_s": None}
            known = {
                key: told[key] for key in ("stage", "step", "total_steps", "loss", "eta_s") if key in told
            }
            self.values |= {**fresh, **known}
        return True


def run_execute(*, run: Run, start: Start = PipelineProcess) -> None:
    """Runs it to an end of some kind. A run that somebody else has, or that is not waiting, is left alone."""
    attempt(run, start, _folder_of, _finish)


def attempt(
    row: Run | Search,
    start: Start,
    folder_of: Callable[[Any], Path],
    finish: "Callable[[Mine, Path], None]",
) -> None:
    """Claims the row, follows its process, writes down how it ended; `finish` when it ended well."""
    claim = uuid4()
    now = timezone.now()
    rows = type(row).objects.filter(pk=row.pk)
    waiting = rows.filter(status=RunStatus.QUEUED)
    if not waiting.update(status=RunStatus.RUNNING, claim=claim, heartbeat_at=now, error=""):
        logger.info("%s is not waiting; nothing to do", row.uuid)
        return
    rows.filter(started_at=None).update(started_at=now)
    row.refresh_from_db()
    mine = Mine(row, claim)
    try:
        refuse_leaks(row.snapshot, row.base_model)  # a set may have been frozen while it waited
        folder = folder_of(row)
        process = start(folder)
        try:
            progress, code = _follow(mine, process, folder / LOG)
        finally:
            process.end()
        _conclude(mine, folder, progress, code, finish)
    except DomainError as refused:
        logger.info("%s: %s", row.uuid, refused.code)
        mine.end(RunStatus.FAILED, error=refused.message[:500])
    except Exception:
        logger.exception("%s", row.uuid)
        mine.end(RunStatus.FAILED, error=_("Something went wrong; the log of the worker says what."))
        raise
    except BaseException:  # the worker is being shut down
        mine.end(RunStatus.INTERRUPTED, error=_("The worker was stopped. Resume to go on."))
        raise


@dataclass(frozen=True, slots=True)
class Mine:
    """The row as long as the claim holds."""

    row: Run | Search
    claim: UUID

    @property
    def _rows(self) -> QuerySet[Any]:
        return type(self.row).objects.filter(pk=self.row.pk, claim=self.claim)

    def write(self, **values: Any) -> bool:
        """False when the claim is lost."""
        return bool(self._rows.update(**values))

    def is_cancelled(self) -> bool:
        return self._rows.filter(status=RunStatus.CANCELLING).exists()

    def end(self, status: RunStatus, **values: Any) -> bool:
        mine = self._rows.filter(status__in=[RunStatus.RUNNING, RunStatus.CANCELLING])
        return bool(mine.update(status=status, claim=None, eta_s=None, finished_at=timezone.now(), **values))


def _follow(mine: Mine, process: PipelineProcess, log: Path) -> tuple[Progress, int]:
    """Reads to the end: log lines to the log, progress to the row at most once a second."""
    progress = Progress(stage_seconds=dict(mine.row.stage_seconds))
    written_at, asked = 0.0, False
    parent = os.getppid()
    with log.open("a", encoding="utf-8") as stream:
        for line in process.lines(every_s=WRITE_EVERY_S / 2):
            if line is not None and not progress.take(line):
                stream.write(line)
                stream.flush()
            if time.monotonic() - written_at < WRITE_EVERY_S:
                continue
            written_at = time.monotonic()
            still_mine = _write(mine, progress)
            # A process of Celery's pool outlives its killed worker: what it started must not.
            is_orphan = os.getppid() != parent
            if not asked and (not still_mine or is_orphan or mine.is_cancelled()):
                process.ask_to_stop()
                asked = True
    _write(mine, progress)
    return progress, process.wait()


def _write(mine: Mine, progress: Progress) -> bool:
    return mine.write(heartbeat_at=timezone.now(), stage_seconds=progress.stage_seconds, **progress.values)


def _conclude(
    mine: Mine, folder: Path, progress: Progress, code: int, finish: Callable[[Mine, Path], None]
) -> None:
    """Exit code and words -> the state. Silence before death is a kill, which can be resumed."""
    if code == 0:
        finish(mine, folder)
    elif mine.is_cancelled():
        mine.end(RunStatus.CANCELLED)
    elif progress.error:
        mine.end(RunStatus.FAILED, error=progress.error[:500])
    elif not progress.has_spoken:
        reason = progress.last_line or _("exit code %(code)s") % {"code": code}
        mine.end(RunStatus.FAILED, error=_("Training did not start: %(reason)s") % {"reason": reason[:400]})
    else:
        mine.end(
            RunStatus.INTERRUPTED,
            error=_("Training was stopped from outside. What was trained is kept; resume to go on."),
        )


def _finish(mine: Mine, folder: Path) -> None:
    result, run = read_result(folder), mine.row
    assert isinstance(run, Run)
    if not mine.write(heartbeat_at=timezone.now()):
        return
    model = model_register(run=run, result=result)
    train = result["train"]
    mine.end(
        RunStatus.DONE,
        trainable_parameters=train["trainable_parameters"],
        rank_pattern=train["rank_pattern"],
    )
    entry_add(actor=run.created_by, verb="run_finished", target=run, model=str(model.uuid))


def _folder_of(run: Run) -> Path:
    """The request is written once: a resumed run goes on with what it was asked."""
    path = data_path(run.folder)
    if (path / REQUEST).exists():
        asked = RunFolder.open(path)
        refuse_replay_leaks(asked.config, asked.inputs)
    else:
        sets = _evaluation_sets(run)
        RunFolder.create(path, PipelineConfig.from_dict(run.config), inputs_of(run, sets))
    return path


def _evaluation_sets(run: Run) -> tuple[EvaluationInput, ...]:
    return tuple(
        EvaluationInput(
            id=str(one.uuid),
            name=one.name,
            kind=one.kind,
            manifest=one.manifest_path,
            score_base=evaluation_of(run.base_model, one, like=run.config) is None,
        )
        for one in EvaluationSet.objects.filter(active=True)
    )


def inputs_of(row: Run | Search, sets: tuple[EvaluationInput, ...] = ()) -> RunInputs:
    """What a run, or the trials of a search, read and where they write."""
    weights_ref, earlier = what_it_starts_from(row.base_model)
    return RunInputs(
        run_id=str(row.uuid),
        name=str(row),
        data_root=str(data_path("")),
        base_ref=row.base_model.ref,
        train_manifest=str(data_path(row.snapshot.manifest_path)),
        dataset_sha256=row.snapshot.sha256,
        models_folder=str(data_path(MODELS_FOLDER)),
        runs_csv=str(data_path(RUNS_CSV)),
        evaluation_sets=sets,
        held_out=held_out_manifests(),
        git_commit=row.git_commit,
        weights_ref=weights_ref,
        earlier_adapters=tuple(str(data_path(path)) for path in earlier),
    )
