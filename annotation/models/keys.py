"""The keys that a person has chosen on the correction page; they follow the person, not the browser."""

from django.conf import settings
from django.db import models


class PersonalKeys(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chords = models.JSONField(default=dict)  # {action: chord}, only what differs from the page's own keys

    def __str__(self) -> str:
        return f"keys of {self.user}"
