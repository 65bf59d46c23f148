"""Dataset snapshots (trained on) and evaluation sets (never trained on): immutable, hashed manifests."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel


class DatasetSnapshot(PublicModel):
    """Approved labels at one moment. The manifest is JSON Lines (speech/manifest.py), named by its hash."""

    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, help_text=_("empty: all sites")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    sha256 = models.CharField(max_length=64, unique=True)
    manifest_path = models.CharField(max_length=255)
    utterances = models.PositiveIntegerField()
    duration_ms = models.PositiveBigIntegerField()
    excluded = models.JSONField(default=dict, help_text=_("how many utterances were left out, by reason"))
    normaliser_version = models.CharField(max_length=20)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dataset snapshot")
        verbose_name_plural = _("dataset snapshots")

    def __str__(self) -> str:
        return f"{self.sha256[:8]} ({self.utterances})"


class EvaluationSetKind(models.TextChoices):
    MEDICAL = "medical", _("medical")
    GENERAL = "general", _("general")


class EvaluationSet(PublicModel):
    """Frozen references. Lives outside annotation, so the queue cannot serve it."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=EvaluationSetKind)
    sha256 = models.CharField(max_length=64)
    manifest_path = models.CharField(max_length=255)
    utterances = models.PositiveIntegerField()
    duration_ms = models.PositiveBigIntegerField()
    active = models.BooleanField(default=True, help_text=_("used by new runs"))

    class Meta:
        ordering = ["kind", "name"]
        verbose_name = _("evaluation set")
        verbose_name_plural = _("evaluation sets")

    def __str__(self) -> str:
        return self.name
