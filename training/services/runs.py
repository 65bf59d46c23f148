"""Runs are asked for, stopped and taken up again. What a worker does with them stands in execution.py."""

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import entry_add
from base.errors import Conflict, DomainError
from base.jobs import Job, enqueue_on_commit
from base.storage import data_path
from training.models import DatasetSnapshot, Run, RunStatus, SpeechModel
from training.pipeline.augment import Recipe
from training.pipeline.config import ConfigError, PipelineConfig
from training.selectors.access import require_trainer
from training.selectors.live import live_model
from training.selectors.runs import RESUMABLE
from training.services.leaks import refuse_leaks

FOLDER = "runs"
REPLAY_MANIFEST = "replay/manifest.jsonl"
STALE_AFTER = timedelta(seconds=60)  # a worker writes its heartbeat every second


def resolved_config(overrides: Mapping[str, Any] | None) -> tuple[dict[str, Any], PipelineConfig]:
    """-> (what was set, the whole of it), of a run or of a search.

    Raises DomainError `bad_config`.
    """
    values = dict(overrides or {})
    if data_path(REPLAY_MANIFEST).exists():
        values.setdefault("replay_manifest", REPLAY_MANIFEST)
    try:
        config = PipelineConfig.from_dict(values)
        Recipe.of(config, data_path(""))  # a folder of sounds that is not there is told now
    except ConfigError as error:
        raise DomainError("bad_config", str(error)) from error
    return values, config


def run_create(
    *,
    user: User | None,
    snapshot: DatasetSnapshot,
    base_model: SpeechModel | None = None,
    overrides: dict[str, Any] | None = None,
    name: str = "",
) -> Run:
    """Asks for a run from `base_model` (what is live at the snapshot's site when none is named).

    Raises DomainError `bad_config` (a knob that makes no sense, a folder that is not there) and
    `snapshot_leaks` (an evaluation set frozen later holds some of it, or of what the base was trained on).
    """
    require_trainer(user, snapshot.site)
    values, config = resolved_config(overrides)
    base_model = base_model or live_model(snapshot.site)
    refuse_leaks(snapshot, base_model)
    with transaction.atomic():
        run = Run.objects.create(
            name=name or default_name(),
            snapshot=snapshot,
            base_model=base_model,
            created_by=user,
            config=config.as_dict(),
            git_commit=git_commit(),
        )
        run.folder = f"{FOLDER}/{run.uuid}"
        run.save(update_fields=["folder"])
        entry_add(actor=user, verb="run_created", target=run, site=snapshot.site, overrides=values)
        enqueue_on_commit(Job.RUN_EXECUTE, run.pk)
    return run


@transaction.atomic
def run_cancel(*, user: User | None, run: Run) -> None:
    """A waiting run ends at once, a running one within seconds. Raises Conflict when it has ended already."""
    require_trainer(user, run.snapshot.site)
    runs_mark_interrupted()
    waiting = Run.objects.filter(pk=run.pk, status=RunStatus.QUEUED)
    running = Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING)
    if not waiting.update(status=RunStatus.CANCELLED, finished_at=timezone.now()) and not running.update(
        status=RunStatus.CANCELLING
    ):
        raise Conflict("run_not_running", _("This run is not running, so there is nothing to cancel."))
    entry_add(actor=user, verb="run_cancelled", target=run, site=run.snapshot.site)


@transaction.atomic
def run_resume(*, user: User | None, run: Run) -> None:
    """Goes on from the stages that are done and the last checkpoint. Raises Conflict when it cannot,
    and DomainError as run_create does: an evaluation set may have been frozen since."""
    require_trainer(user, run.snapshot.site)
    runs_mark_interrupted()
    resumable = Run.objects.filter(pk=run.pk, status__in=RESUMABLE)
    if not resumable.update(status=RunStatus.QUEUED, error="", finished_at=None, eta_s=None):
        raise Conflict("run_not_resumable", _("Only a run that was stopped or has failed can be resumed."))
    refuse_leaks(run.snapshot, run.base_model)
    entry_add(actor=user, verb="run_resumed", target=run, site=run.snapshot.site)
    enqueue_on_commit(Job.RUN_EXECUTE, run.pk)


def runs_mark_interrupted() -> int:
    """A running run without a heartbeat for a minute has lost its worker -> how many there were."""
    return mark_interrupted(Run.objects.all())


def mark_interrupted(rows: QuerySet[Any]) -> int:
    """Of runs, or of searches."""
    stale = rows.filter(
        status__in=[RunStatus.RUNNING, RunStatus.CANCELLING], heartbeat_at__lt=timezone.now() - STALE_AFTER
    )
    cancelled = stale.filter(status=RunStatus.CANCELLING).update(status=RunStatus.CANCELLED, claim=None)
    interrupted = stale.filter(status=RunStatus.RUNNING).update(
        status=RunStatus.INTERRUPTED,
        claim=None,
        eta_s=None,
        error=_("The worker stopped. What was trained is kept; resume to go on."),
    )
    return cancelled + interrupted


def default_name() -> str:
    return timezone.localtime().strftime("%Y-%m-%d %H:%M")


def git_commit() -> str:
    """The commit of the code, where there is a repository."""
    command = ["git", "-C", str(settings.BASE_DIR), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
