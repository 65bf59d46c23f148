"""The registry: every model that can be made live, where it lies and where it comes from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.models import PublicModel


class SpeechModelKind(models.TextChoices):
    BASE = "base", _("base")
    MERGED = "merged", _("fine-tuned, merged")


class SpeechModel(PublicModel):
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=10, choices=SpeechModelKind)
    # What Recognizer loads: an absolute folder or a hub id.
    ref = models.CharField(max_length=255, unique=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text=_("of the weights"))
    adapter_path = models.CharField(max_length=255, blank=True, help_text=_("plain LoRA, under DATA_DIR"))
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    run = models.OneToOneField(
        "training.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="produced"
    )
    variable_window = models.BooleanField(
        default=False, help_text=_("proven by its own CER on windows as long as the speech")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("speech model")
        verbose_name_plural = _("speech models")

    def __str__(self) -> str:
        return self.name
