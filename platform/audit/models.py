"""Append-only entries. There is no update and no delete: the queryset refuses both."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site


class AppendOnlyError(TypeError):
    """Somebody tried to rewrite history."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **kwargs: object) -> int:
        raise AppendOnlyError("audit entries are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("audit entries are never deleted")


class Entry(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=120, help_text=_("model name and uuid"))
    detail = models.JSONField(default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        # The audit page of one object.
        indexes = [models.Index(fields=["target", "-id"], name="audit_of_target")]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor} {self.verb} {self.target}"
