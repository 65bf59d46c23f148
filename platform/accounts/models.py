"""Users, hospitals' sites, and which role a person has where."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from base.models import PublicModel


class User(AbstractUser):
    """A person who logs in. Rights come from memberships; `is_superuser` sees every site."""


class LiveConsent(models.TextChoices):
    """What becomes of what is dictated at a site."""

    OFF = "off", _("stays with its speaker, encrypted")
    QUEUE = "queue", _("goes to the queue of corrections")


class Site(PublicModel):
    """One hospital, or one ward with its own speech; the border that data does not cross."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    live_consent = models.CharField(
        _("live sessions"), max_length=10, choices=LiveConsent, default=LiveConsent.QUEUE
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    EXPERT = "expert", _("expert")
    REVIEWER = "reviewer", _("reviewer")
    ENGINEER = "engineer", _("engineer")
    CLINICIAN = "clinician", _("clinician")
    SITE_ADMIN = "site_admin", _("site administrator")


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "site", "role"], name="membership_once"),
        ]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.site}"
