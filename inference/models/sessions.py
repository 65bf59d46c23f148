"""A live session: who dictated where, what is safely on disk, what was understood."""

from uuid import UUID, uuid5

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import LiveConsent, Site
from annotation.models import Recording
from base.encryption import EncryptedField
from base.models import PublicModel
from training.models import SpeechModel


class LiveSessionStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    ENDED = "ended", _("ended")
    STORED = "stored", _("stored as a recording")
    EMPTY = "empty", _("ended without sound")
    PRIVATE = "private", _("kept for its speaker alone")
    EXPIRED = "expired", _("kept as long as was agreed, then deleted")


LIVE_SESSION_TRANSITIONS = {
    LiveSessionStatus.ACTIVE: {LiveSessionStatus.ENDED, LiveSessionStatus.EMPTY},
    LiveSessionStatus.ENDED: {LiveSessionStatus.STORED, LiveSessionStatus.PRIVATE},
    LiveSessionStatus.STORED: set(),
    LiveSessionStatus.EMPTY: set(),
    LiveSessionStatus.PRIVATE: {LiveSessionStatus.EXPIRED},
    LiveSessionStatus.EXPIRED: set(),
}


class LiveSession(PublicModel):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=LiveSessionStatus, default=LiveSessionStatus.ACTIVE)
    spool_path = models.CharField(max_length=255, help_text=_("sealed sound, under DATA_DIR"))
    received_ms = models.PositiveIntegerField(default=0)
    settled_ms = models.PositiveIntegerField(
        default=0, help_text=_("everything that was said before is in the utterances: listening goes on here")
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    # How it was asked for; a process that takes it over goes on with the same.
    protocol = models.CharField(max_length=20, default="native")
    language = models.CharField(max_length=8, default="zh")
    keywords = EncryptedField(default=list, help_text=_("what may be named in it"))
    options = models.JSONField(
        default=dict, help_text=_("where utterances end, how often partial texts come")
    )
    # The site's own as it was when the person began to speak.
    consent = models.CharField(max_length=10, choices=LiveConsent, default=LiveConsent.QUEUE)
    # Has the session's own uuid; there from its first uncertain utterance on.
    recording = models.ForeignKey(
        Recording, null=True, blank=True, on_delete=models.SET_NULL, related_name="live_sessions"
    )
    holder = models.UUIDField(
        null=True, editable=False, help_text=_("the connection that may write; a newer one takes over")
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["status"], condition=Q(status__in=["active", "private"]), name="sessions_to_tidy"
            )
        ]
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%F %T}"


def utterance_uuid(session: UUID, index: int) -> UUID:
    """The same in every process, known before there is a row: on the wire, here, and of the segment."""
    return uuid5(session, str(index))


class LiveUtterance(models.Model):
    """Made when its end was heard; `heard_at` says when its text came. Times are the session's."""

    uuid = models.UUIDField(unique=True, editable=False)
    session = models.ForeignKey(LiveSession, on_delete=models.CASCADE, related_name="utterances")
    index = models.PositiveIntegerField()
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()

    text = EncryptedField(default=str, blank=True, help_text=_("as it was shown"))
    rejected_text = EncryptedField(
        default=str, blank=True, help_text=_("heard, held for invented, not shown")
    )
    words = EncryptedField(default=list, help_text=_("[{text, start_ms, end_ms, probability, …}]"))
    tokens = EncryptedField(default=list, help_text=_("[[text, logprob]]"))
    corrected_text = EncryptedField(default=str, blank=True, help_text=_("as its speaker put it right"))
    corrections = EncryptedField(default=list, help_text=_("every version of that: [{text, at}]"))
    is_corrected = models.BooleanField(default=False)

    heard_at = models.DateTimeField(null=True, help_text=_("none: there is no text yet"))
    final_latency_ms = models.PositiveIntegerField(default=0, help_text=_("end of speech to final text"))
    flags = models.JSONField(default=list, help_text=_("hallucination signals, as codes"))
    avg_logprob = models.FloatField(null=True)
    is_uncertain = models.BooleanField(default=False, help_text=_("to be looked at by an expert"))

    # What made the text.
    model = models.CharField(max_length=255, blank=True)
    adapter = models.CharField(max_length=255, blank=True)
    language = models.CharField(max_length=8, blank=True)
    settings = models.JSONField(default=dict)
    normaliser_version = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["session_id", "index"]
        constraints = [models.UniqueConstraint(fields=["session", "index"], name="utterance_once")]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.index}"
