"""A training run: what was asked, how far it is, what came of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from base.models import PublicModel
from training.models.datasets import DatasetSnapshot
from training.models.speech_models import SpeechModel


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    CANCELLING = "cancelling", _("being cancelled")
    CANCELLED = "cancelled", _("cancelled")
    INTERRUPTED = "interrupted", _("interrupted, can be resumed")
    FAILED = "failed", _("failed")
    DONE = "done", _("done")


RUN_TRANSITIONS = {
    RunStatus.QUEUED: {RunStatus.RUNNING, RunStatus.CANCELLED},
    RunStatus.RUNNING: {RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLING, RunStatus.INTERRUPTED},
    RunStatus.CANCELLING: {RunStatus.CANCELLED, RunStatus.DONE, RunStatus.FAILED},
    RunStatus.INTERRUPTED: {RunStatus.QUEUED},
    RunStatus.FAILED: {RunStatus.QUEUED},
    RunStatus.CANCELLED: {RunStatus.QUEUED},
    RunStatus.DONE: set(),
}


class Run(PublicModel):
    name = models.CharField(_("name"), max_length=120, blank=True)
    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="runs")
    base_model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="runs_from_it")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    config = models.JSONField(default=dict, help_text=_("resolved PipelineConfig"))
    git_commit = models.CharField(max_length=40, blank=True)

    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.QUEUED, db_index=True)
    error = models.CharField(max_length=500, blank=True)
    folder = models.CharField(max_length=255, blank=True, help_text=_("working folder under DATA_DIR"))

    # Whose work counts: each attempt takes a new one, and an attempt that lost it writes nothing more.
    claim = models.UUIDField(null=True, editable=False)

    # Live progress, written by the worker from what the subprocess reports.
    stage = models.CharField(max_length=20, blank=True)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True)
    eta_s = models.PositiveIntegerField(null=True)
    stage_seconds = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    # What came of it.
    trainable_parameters = models.PositiveBigIntegerField(null=True)
    rank_pattern = models.JSONField(default=dict, help_text=_("final rank by module"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")

    def __str__(self) -> str:
        return self.name or str(self.uuid)[:8]
