"""What people wrote: submitted labels (one row a version), autosaved drafts, skips."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotation.models.hypotheses import Hypothesis
from annotation.models.segments import Segment
from base.models import PublicModel


class LabelStatus(models.TextChoices):
    SUBMITTED = "submitted", _("waiting for review")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


class LabelMode(models.TextChoices):
    """How the text came about. Who starts from the draft after all, when asked to type anew, edits."""

    CONFIRM = "confirm", _("listen and confirm")
    EDIT = "edit", _("correct")
    RETYPE = "retype", _("type anew")


LABEL_TRANSITIONS = {
    LabelStatus.SUBMITTED: {LabelStatus.APPROVED, LabelStatus.REJECTED},
    LabelStatus.APPROVED: {LabelStatus.REJECTED},
    LabelStatus.REJECTED: {LabelStatus.APPROVED},
}


class PhiKind(models.TextChoices):
    """What in a text tells who a patient is."""

    NAME = "name", _("name")
    IDENTITY = "identity", _("identity or chart number")
    PHONE = "phone", _("phone number")
    ADDRESS = "address", _("address")
    DATE = "date", _("date")
    OTHER = "other", _("other, tells who it is")


class Label(PublicModel):
    """One submitted version of a segment's text. The newest version counts; older ones stay."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="labels")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="labels")
    hypothesis = models.ForeignKey(Hypothesis, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=12, choices=LabelStatus, default=LabelStatus.APPROVED)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    mode = models.CharField(max_length=8, choices=LabelMode, default=LabelMode.EDIT)
    active_edit_ms = models.PositiveIntegerField(default=0, help_text=_("time at work, idle time cut"))
    errors_removed = models.PositiveIntegerField(default=0, help_text=_("character edits against the draft"))
    phi = models.JSONField(
        default=list, blank=True, help_text=_("[{start, end, kind}], characters of the text")
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["segment", "version"], name="label_version_once")]
        indexes = [
            # What one person has written since a moment: today's figures, the turn of a blind reading.
            models.Index(fields=["author", "created_at"], name="label_of_author"),
            # What waits for review, oldest first.
            models.Index(fields=["status", "id"], name="label_in_review"),
        ]
        verbose_name = _("label")
        verbose_name_plural = _("labels")

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def origin(self) -> str:
        """Computed from the difference and from what the field opened with: accepted, edited or typed."""
        if self.mode == LabelMode.RETYPE or self.hypothesis is None or not self.hypothesis.text:
            return "typed"
        return "accepted" if self.errors_removed == 0 else "edited"


class Draft(models.Model):
    """What one person has typed and not submitted, and the segment version they started from."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)
    phi = models.JSONField(default=list, blank=True)
    base_version = models.PositiveIntegerField(default=0)
    base_text = models.TextField(blank=True, help_text=_("the text that they started from"))
    # "<window>:<n>": which window of which browser wrote this, and the how many-th of its changes it was.
    stamp = models.CharField(max_length=60, blank=True)
    active_edit_ms = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "author"], name="draft_once_per_author")]

    def __str__(self) -> str:
        return self.text[:60]


class Skip(models.Model):
    """One person passed over one segment; it stays in the queue for the others."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="skips")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "author"], name="skip_once_per_author")]

    def __str__(self) -> str:
        return f"{self.author} skipped {self.segment}"
