"""A live session: who dictated where, what is safely on disk, what was understood."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models import Recording
from base.models import PublicModel
from training.models import SpeechModel


class LiveSessionStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    ENDED = "ended", _("ended")
    STORED = "stored", _("stored as a recording")
    EMPTY = "empty", _("ended without sound")


LIVE_SESSION_TRANSITIONS = {
    LiveSessionStatus.ACTIVE: {LiveSessionStatus.ENDED, LiveSessionStatus.EMPTY},
    LiveSessionStatus.ENDED: {LiveSessionStatus.STORED},
    LiveSessionStatus.STORED: set(),
    LiveSessionStatus.EMPTY: set(),
}


class LiveSession(PublicModel):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=LiveSessionStatus, default=LiveSessionStatus.ACTIVE)
    spool_path = models.CharField(max_length=255, help_text=_("PCM16 16 kHz mono, under DATA_DIR"))
    received_ms = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Two sessions that played the same demo dictation hold the same sound and share one recording.
    recording = models.ForeignKey(
        Recording, null=True, blank=True, on_delete=models.SET_NULL, related_name="live_sessions"
    )
    holder = models.UUIDField(
        null=True, editable=False, help_text=_("the connection that may write; a newer one takes over")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%F %T}"


class LiveUtterance(models.Model):
    session = models.ForeignKey(LiveSession, on_delete=models.CASCADE, related_name="utterances")
    index = models.PositiveIntegerField()
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    words = models.JSONField(default=list)
    final_latency_ms = models.PositiveIntegerField(help_text=_("end of speech to final text"))

    class Meta:
        ordering = ["session_id", "index"]
        constraints = [models.UniqueConstraint(fields=["session", "index"], name="utterance_once")]

    def __str__(self) -> str:
        return self.text[:60]
