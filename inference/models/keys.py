"""A key by which a program speaks for one person at one site. The secret itself is nowhere: only its hash."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel


class Scope(models.TextChoices):
    TRANSCRIBE = "transcribe", _("transcribe files")
    LIVE = "live", _("dictate live")


class ApiKey(PublicModel):
    """`user` is whom it acts as: what comes in by the key is that person's, and ends with their role."""

    site = models.ForeignKey(Site, verbose_name=_("site"), on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("acts as"), on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("the program or device that uses it"))
    start = models.CharField(_("begins with"), max_length=16, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)  # the lookup of every request
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="+"
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
