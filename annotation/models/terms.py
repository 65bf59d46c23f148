"""A site's medical terms: how each is written, what else it is called, how it sounds."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from base.models import PublicModel

LONGEST_TERM = 120  # characters


class TermKind(models.TextChoices):
    DRUG = "drug", _("drug")
    DOSE = "dose", _("dose")
    DIAGNOSIS = "diagnosis", _("diagnosis")
    PROCEDURE = "procedure", _("procedure")
    ANATOMY = "anatomy", _("anatomy")
    OTHER = "other", _("other")


class Term(PublicModel):
    """Written by `annotation.services.terms`, which fills `key` and `search`. Never deleted: switched off."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="terms", db_index=False)
    text = models.CharField(_("term"), max_length=LONGEST_TERM)
    key = models.CharField(max_length=2 * LONGEST_TERM, editable=False, help_text=_("the text, normalised"))
    aliases = models.JSONField(default=list, blank=True, help_text=_("other ways to say or write it"))
    pinyin = models.CharField(max_length=255, blank=True, help_text=_("one syllable for each hanzi"))
    kind = models.CharField(_("kind"), max_length=10, choices=TermKind, default=TermKind.OTHER)
    active = models.BooleanField(default=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    search = models.TextField(editable=False, help_text=_("every form that it is found by, one a line"))

    class Meta:
        ordering = ["key", "id"]
        # Also the order of the page's table, and every prefix search that asks the database.
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="term_once_per_site"),
            models.CheckConstraint(condition=~Q(key=""), name="term_has_a_key"),
        ]
        verbose_name = _("term")
        verbose_name_plural = _("terms")

    def __str__(self) -> str:
        return self.text


class LexiconRevision(models.Model):
    """Which state of a site's terms is stored: a new token with every change, so that a process that keeps
    them in memory sees by one small read whether they are still right. Random: a count would come again
    after a rollback."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, primary_key=True, related_name="+")
    token = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return f"{self.site_id}: {self.token}"

    @classmethod
    def renew(cls, site_id: int) -> None:
        cls.objects.update_or_create(site_id=site_id, defaults={"token": uuid.uuid4()})
