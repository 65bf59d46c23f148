"""Labels that a model contradicts: one row for each label and model that has heard it again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models.hypotheses import Hypothesis
from annotation.models.labels import Label
from base.models import PublicModel


class DoubtState(models.TextChoices):
    CLEAR = "clear", _("nothing found")
    OPEN = "open", _("waits for a reviewer")
    ASKED = "asked", _("read again by somebody else")
    KEPT = "kept", _("the label is right")
    CORRECTED = "corrected", _("corrected")


DOUBT_TRANSITIONS = {
    DoubtState.CLEAR: set(),
    DoubtState.OPEN: {DoubtState.ASKED, DoubtState.KEPT, DoubtState.CORRECTED},
    DoubtState.ASKED: {DoubtState.KEPT, DoubtState.CORRECTED},
    DoubtState.KEPT: set(),
    DoubtState.CORRECTED: set(),
}


class LabelDoubt(PublicModel):
    """`score` is the probability that the label is wrong somewhere (annotation/ranking/label_errors.py)."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="doubts")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.CASCADE, related_name="+")
    model_ref = models.CharField(max_length=255)
    score = models.FloatField()
    state = models.CharField(max_length=10, choices=DoubtState)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_label = models.ForeignKey(
        Label, null=True, on_delete=models.SET_NULL, related_name="settles_doubts"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["label", "model_ref"], name="doubt_once_per_model")]
        # A reviewer's list: the most likely errors of a site first.
        indexes = [models.Index("site", "state", models.F("score").desc(), "id", name="doubt_best_first")]
        verbose_name = _("doubted label")
        verbose_name_plural = _("doubted labels")

    def __str__(self) -> str:
        return f"{self.label_id} {self.score:.2f} {self.state}"
