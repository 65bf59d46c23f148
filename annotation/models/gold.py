"""Gold: a segment whose text a reviewer vouches for. The text is frozen; experts are measured against it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models.hypotheses import Hypothesis
from annotation.models.segments import Segment
from base.models import PublicModel


class GoldItem(PublicModel):
    """`retired_at`: served to nobody any more; what was measured against it stays."""

    segment = models.OneToOneField(Segment, on_delete=models.CASCADE, related_name="gold")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    hypothesis = models.ForeignKey(
        Hypothesis, null=True, on_delete=models.SET_NULL, related_name="+", help_text=_("the draft shown")
    )
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        # Served in the order of the uuid, which is an order by lot.
        indexes = [models.Index(fields=["site", "retired_at", "uuid"], name="gold_in_use")]
        verbose_name = _("gold item")
        verbose_name_plural = _("gold items")

    def __str__(self) -> str:
        return self.text[:60]
