"""Blind further readings: who reads a corrected segment again without knowing the text, and what came of it.

One row for each reader. An open row waits for a reader; a row whose lease ran out stays theirs, so that what
they submit late is kept, while somebody else gets a row of their own.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models.gold import GoldItem
from annotation.models.hypotheses import Hypothesis
from annotation.models.labels import Label
from annotation.models.segments import Segment, UnusableReason
from base.models import PublicModel


class ReadingPurpose(models.TextChoices):
    DOUBLE = "double", _("second reading, drawn by lot")
    GOLD = "gold", _("gold text")
    DOUBT = "doubt", _("the model contradicts the text")


class ReadingStatus(models.TextChoices):
    OPEN = "open", _("waits for a reader")
    CLAIMED = "claimed", _("being read")
    LAPSED = "lapsed", _("left lying")
    DONE = "done", _("read")


class Verdict(models.TextChoices):
    AGREED = "agreed", _("both wrote the same")
    DISPUTED = "disputed", _("waits for a reviewer")
    SETTLED = "settled", _("settled by a reviewer")
    OVERTAKEN = "overtaken", _("the text was changed meanwhile")


READING_TRANSITIONS = {
    ReadingStatus.OPEN: {ReadingStatus.CLAIMED},
    ReadingStatus.CLAIMED: {ReadingStatus.OPEN, ReadingStatus.LAPSED, ReadingStatus.DONE},
    ReadingStatus.LAPSED: {ReadingStatus.CLAIMED, ReadingStatus.DONE},
    ReadingStatus.DONE: set(),
}


class Reading(PublicModel):
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="readings")
    # The recording's own site once more, as in Segment: what waits at a site is found without a join.
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(max_length=8, choices=ReadingPurpose)
    label = models.ForeignKey(Label, null=True, on_delete=models.CASCADE, related_name="readings")
    gold = models.ForeignKey(GoldItem, null=True, on_delete=models.CASCADE, related_name="readings")
    hypothesis = models.ForeignKey(
        Hypothesis, null=True, on_delete=models.SET_NULL, related_name="+", help_text=_("the draft shown")
    )

    status = models.CharField(max_length=8, choices=ReadingStatus, default=ReadingStatus.OPEN)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="readings"
    )
    served_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)

    # What the reader made of it; a text or a reason why there is none.
    text = models.TextField(blank=True)
    unusable_reason = models.CharField(max_length=20, choices=UnusableReason, blank=True)
    done_at = models.DateTimeField(null=True)
    active_edit_ms = models.PositiveIntegerField(default=0)
    errors_removed = models.PositiveIntegerField(default=0, help_text=_("character edits against the draft"))

    # Against the label, over the longer of the two; against a gold text, over that.
    unit = models.CharField(max_length=3, blank=True, help_text=_("cer, wer or mer, by the script"))
    errors = models.PositiveIntegerField(default=0)
    length = models.PositiveIntegerField(default=0)
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_label = models.ForeignKey(Label, null=True, on_delete=models.SET_NULL, related_name="settles")

    # Once it is known what was said (gold, agreed or settled): characters of it, and how many are wrong in
    # the draft and in the text that is judged (the label; of a gold item the reader's).
    truth_length = models.PositiveIntegerField(null=True)
    draft_errors = models.PositiveIntegerField(null=True)
    text_errors = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "reader"], name="reading_once_per_reader"),
            models.CheckConstraint(
                condition=Q(label__isnull=False, gold__isnull=True)
                | Q(label__isnull=True, gold__isnull=False),
                name="reading_of_label_or_gold",
            ),
        ]
        indexes = [
            # The claim: what waits at a site, or was left lying there.
            models.Index(fields=["site", "status", "purpose", "id"], name="reading_queue"),
            # What one person holds, and how long ago each kind was served to them.
            models.Index(fields=["reader", "status"], name="reading_held"),
            models.Index(fields=["reader", "purpose", "served_at"], name="reading_served"),
            # Disputes of a site, oldest first.
            models.Index(fields=["site", "verdict", "id"], name="reading_disputes"),
            # The outcome page: what was read in some weeks.
            models.Index(fields=["done_at"], name="reading_done"),
        ]
        verbose_name = _("blind reading")
        verbose_name_plural = _("blind readings")

    def __str__(self) -> str:
        return f"{self.purpose} {self.segment_id} {self.status}"

    @property
    def rate(self) -> float:
        """Share of the text in which the two differ; 0 where nothing was written on either side."""
        return self.errors / max(1, self.length)
