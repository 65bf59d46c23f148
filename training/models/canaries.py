"""A challenger on trial: it hears a share of the new live sessions of a site, what is live hears the rest."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel
from training.models.evaluations import Evaluation
from training.models.speech_models import SpeechModel


class CanaryStatus(models.TextChoices):
    RUNNING = "running", _("running")
    PROMOTED = "promoted", _("promoted")
    ROLLED_BACK = "rolled_back", _("rolled back")


CANARY_TRANSITIONS = {
    CanaryStatus.RUNNING: {CanaryStatus.PROMOTED, CanaryStatus.ROLLED_BACK},
    CanaryStatus.PROMOTED: set(),
    CanaryStatus.ROLLED_BACK: set(),
}


class Canary(PublicModel):
    """Names the evaluation that justifies it, as a promotion does: real people are heard by it."""

    model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="canaries")
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, help_text=_("empty: the default of every site")
    )
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, help_text=_("the proof"))
    share = models.FloatField(help_text=_("of the new live sessions, above 0 and at most 1"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=CanaryStatus, default=CanaryStatus.RUNNING)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(status="running"), name="one_canary_per_site"
            ),
            models.UniqueConstraint(
                fields=["status"],
                condition=Q(status="running", site__isnull=True),
                name="one_default_canary",
            ),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="canary_share_is_a_share"),
        ]
        verbose_name = _("canary")
        verbose_name_plural = _("canaries")

    def __str__(self) -> str:
        return f"{self.model} for {self.share:.0%}"
