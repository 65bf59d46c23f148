"""Which model is live where, since when, and by which proof. One current row a site, one default."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel
from training.models.evaluations import Evaluation
from training.models.speech_models import SpeechModel


class Promotion(PublicModel):
    model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="promotions")
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, help_text=_("empty: the default of every site")
    )
    evaluation = models.ForeignKey(
        Evaluation,
        null=True,
        on_delete=models.PROTECT,
        help_text=_("the proof; empty only for the first base"),
    )
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    current = models.BooleanField(default=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["site"], condition=Q(current=True), name="one_live_per_site"),
            models.UniqueConstraint(
                fields=["current"], condition=Q(current=True, site__isnull=True), name="one_live_default"
            ),
        ]
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")

    def __str__(self) -> str:
        return f"{self.model} live {'everywhere' if self.site is None else f'at {self.site}'}"
