"""What corrections have taught at one site: one row a fit, added and never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.ranking.calibration import Calibration
from annotation.ranking.effort import ExpertTime
from base.models import PublicModel


class CalibrationFit(PublicModel):
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    model_ref = models.CharField(max_length=255, help_text=_("whose drafts it was fitted on"))
    labels = models.PositiveIntegerField()
    words = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField(help_text=_("words that experts changed"))
    weights = models.JSONField(help_text=_("of the features"))
    mark_from = models.FloatField(null=True, help_text=_("words are coloured from this probability on"))

    # Held out, beside those of the recogniser's own probabilities.
    ece = models.FloatField(help_text=_("expected calibration error"))
    ece_raw = models.FloatField()
    auc = models.FloatField()
    auc_raw = models.FloatField()
    reliability = models.JSONField(help_text=_("[{believed, observed, words}]"))
    reliability_raw = models.JSONField()

    # Seconds, of all experts of the site together and of each by primary key.
    pace = models.JSONField()
    paces = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        # The newest fit of a site's live model, read with every segment that is shown.
        indexes = [models.Index(fields=["site", "model_ref", "-id"], name="calibration_newest")]
        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")

    def __str__(self) -> str:
        return f"{self.site} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def calibration(self) -> Calibration | None:
        return Calibration.from_dict(self.weights)

    @property
    def expert_time(self) -> ExpertTime:
        return ExpertTime(**self.pace)
