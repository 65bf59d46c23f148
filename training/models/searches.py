"""A search for good knobs: what was asked, how far it is. What its trials reported stands in its folder."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from base.models import PublicModel
from training.models.datasets import DatasetSnapshot
from training.models.runs import RunStatus
from training.models.speech_models import SpeechModel


class Search(PublicModel):
    """Lives as a run does (RUN_TRANSITIONS); `step` counts the trials that have ended, of `total_steps`."""

    name = models.CharField(_("name"), max_length=120, blank=True)
    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="searches")
    base_model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="searches_from_it")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    config = models.JSONField(default=dict, help_text=_("resolved PipelineConfig that the trials start from"))
    space = models.JSONField(default=dict, help_text=_("both ends of each knob that is searched"))
    budget = models.JSONField(default=dict, help_text=_("trials, steps, rungs"))
    points = models.JSONField(default=list, help_text=_("the knobs of each trial"))
    git_commit = models.CharField(max_length=40, blank=True)

    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.QUEUED, db_index=True)
    error = models.CharField(max_length=500, blank=True)
    folder = models.CharField(max_length=255, blank=True, help_text=_("working folder under DATA_DIR"))
    claim = models.UUIDField(null=True, editable=False)

    stage = models.CharField(max_length=20, blank=True)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    eta_s = models.PositiveIntegerField(null=True)
    stage_seconds = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    promoted = models.JSONField(default=dict, help_text=_("trial -> uuid of the run that was made of it"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("search")
        verbose_name_plural = _("searches")

    def __str__(self) -> str:
        return self.name or str(self.uuid)[:8]
