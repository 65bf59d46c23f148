"""A segment: one utterance to correct, its place in the queue and who holds it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models.recordings import Recording
from base.models import PublicModel


class SegmentStatus(models.TextChoices):
    WAITING = "waiting", _("waiting for a draft")
    OPEN = "open", _("to correct")
    CLAIMED = "claimed", _("being corrected")
    DONE = "done", _("corrected")
    UNUSABLE = "unusable", _("unusable")
    REPLACED = "replaced", _("split or joined")


SEGMENT_TRANSITIONS = {
    SegmentStatus.WAITING: {SegmentStatus.OPEN},
    SegmentStatus.OPEN: {SegmentStatus.CLAIMED, SegmentStatus.REPLACED},
    SegmentStatus.CLAIMED: {
        SegmentStatus.OPEN,
        SegmentStatus.DONE,
        SegmentStatus.UNUSABLE,
        SegmentStatus.REPLACED,
    },
    # A reviewer may send it back, or find on a second hearing that nobody can use it.
    SegmentStatus.DONE: {SegmentStatus.DONE, SegmentStatus.OPEN, SegmentStatus.UNUSABLE},
    SegmentStatus.UNUSABLE: {SegmentStatus.OPEN},
    # Kept to be read, with all that was heard and written: see `became`.
    SegmentStatus.REPLACED: set(),
}


class UnusableReason(models.TextChoices):
    """The order is that of the menu, where each has the key of its number."""

    NO_SPEECH = "no_speech", _("no speech")
    UNINTELLIGIBLE = "unintelligible", _("cannot be understood")
    NOISE = "noise", _("too noisy")
    OVERLAP = "overlap", _("several people at once")
    NOT_MEDICAL = "not_medical", _("not medical")
    PRIVATE = "private", _("patient data (PHI): must not be kept")
    WRONG_LANGUAGE = "wrong_language", _("another language")
    CUT = "cut", _("cut in mid-word")


class SegmentQuerySet(models.QuerySet["Segment"]):
    def uncorrected(self) -> "SegmentQuerySet":
        return self.filter(status__in=[SegmentStatus.WAITING, SegmentStatus.OPEN, SegmentStatus.CLAIMED])

    def current(self) -> "SegmentQuerySet":
        """Without those that a split or a merge has replaced."""
        return self.exclude(status=SegmentStatus.REPLACED)


class Segment(PublicModel):
    # Without an index of its own: `segment_in_time` begins with it.
    recording = models.ForeignKey(
        Recording, on_delete=models.CASCADE, related_name="segments", db_index=False
    )
    # The recording's own site once more: a claim must find the best of one site without walking the others.
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    # A number within the recording that never changes; the order is that of time, because segments are split.
    index = models.PositiveIntegerField()
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    made_from = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="became")

    # Measured of the sound (speech/vad.py, speech/quality.py); speech_rate_cps once there is text.
    speech_ms = models.PositiveIntegerField(null=True, help_text=_("speech inside, without pauses"))
    speech_spans = models.JSONField(
        null=True, help_text=_("[[start_ms, end_ms]] from the segment's start; null: not looked for yet")
    )
    snr_db = models.FloatField(null=True)
    clipping_ratio = models.FloatField(null=True)
    silence_ratio = models.FloatField(null=True)
    bandwidth_hz = models.FloatField(null=True)
    speech_rate_cps = models.FloatField(null=True, help_text=_("characters per second"))

    hypothesis = models.ForeignKey(
        "annotation.Hypothesis", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    # The queue (stored, never computed in a request).
    status = models.CharField(max_length=12, choices=SegmentStatus, default=SegmentStatus.WAITING)
    priority = models.FloatField(default=0.0, help_text=_("expected errors removed per expert second"))
    expected_errors = models.FloatField(default=0.0)
    expected_seconds = models.FloatField(default=0.0)
    reasons = models.JSONField(default=list, help_text=_("why it is served, as codes with figures"))

    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    # Kept for one person's browser to fetch ahead. It stays open: where nothing else is left others get it.
    reserved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    reserved_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0, help_text=_("raised by every submitted label"))
    unusable_reason = models.CharField(max_length=20, choices=UnusableReason, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["recording_id", "start_ms", "id"]
        constraints = [
            models.UniqueConstraint(fields=["recording", "index"], name="segment_once_per_recording"),
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="segment_has_length"),
        ]
        indexes = [
            # The claim: best open segment of a site. Not partial: bound values make SQLite ignore those.
            models.Index("site", "status", F("priority").desc(), "id", name="segment_queue"),
            # A recording from its start to its end, and the neighbours of one segment.
            models.Index(fields=["recording", "start_ms"], name="segment_in_time"),
            # Home and correction page: how many are left, and how long they take, without reading a row.
            models.Index(fields=["site", "status", "expected_seconds"], name="segment_left"),
            # What one person holds, and what is kept for them: a handful of rows in all. Partial, or the
            # planner takes the many rows that nobody holds for many of each person, and walks the table.
            models.Index("claimed_by", name="segment_leases", condition=Q(claimed_by__isnull=False)),
            models.Index("reserved_for", name="segment_reserved", condition=Q(reserved_for__isnull=False)),
        ]
        verbose_name = _("segment")
        verbose_name_plural = _("segments")

    def __str__(self) -> str:
        return f"{self.recording_id}/{self.index} {self.start_ms}-{self.end_ms} ms"

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms
