"""A recording: the untouched original, its normalised copy, and how far it has come."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel


class RecordingSource(models.TextChoices):
    UPLOAD = "upload", _("uploaded")
    LIVE = "live", _("live session")
    DEMO = "demo", _("demo hospital")


class RecordingStatus(models.TextChoices):
    GROWING = "growing", _("still being spoken")
    UPLOADED = "uploaded", _("uploaded")
    NORMALISED = "normalised", _("ingested")
    SEGMENTED = "segmented", _("segmented")
    DRAFTED = "drafted", _("drafted")
    FAILED = "failed", _("failed")


RECORDING_TRANSITIONS = {
    RecordingStatus.GROWING: {RecordingStatus.SEGMENTED},
    RecordingStatus.UPLOADED: {RecordingStatus.NORMALISED, RecordingStatus.FAILED},
    RecordingStatus.NORMALISED: {RecordingStatus.SEGMENTED, RecordingStatus.FAILED},
    RecordingStatus.SEGMENTED: {RecordingStatus.DRAFTED, RecordingStatus.FAILED},
    RecordingStatus.DRAFTED: {RecordingStatus.DRAFTED},
    RecordingStatus.FAILED: {RecordingStatus.UPLOADED},
}


class Recording(PublicModel):
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="recordings")
    source = models.CharField(max_length=12, choices=RecordingSource, default=RecordingSource.UPLOAD)
    title = models.CharField(_("title"), max_length=255)
    speaker = models.CharField(_("speaker"), max_length=80, blank=True)
    department = models.CharField(_("department"), max_length=80, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    # The original, never changed. Paths are relative to DATA_DIR.
    original_path = models.CharField(max_length=255)
    original_sha256 = models.CharField(max_length=64)
    original_sample_rate_hz = models.PositiveIntegerField(null=True)
    original_channels = models.PositiveSmallIntegerField(null=True)

    # The copy that everything else reads: 16 kHz mono FLAC, loudness-normalised.
    audio_path = models.CharField(max_length=255, blank=True)
    peaks_path = models.CharField(max_length=255, blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    loudness_lufs = models.FloatField(null=True)

    status = models.CharField(
        max_length=12, choices=RecordingStatus, default=RecordingStatus.UPLOADED, db_index=True
    )
    error = models.CharField(max_length=500, blank=True, help_text=_("one sentence for a person"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["site", "original_sha256"], name="recording_once_per_site"),
        ]
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")

    def __str__(self) -> str:
        return self.title
