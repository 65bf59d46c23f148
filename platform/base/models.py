"""Abstract rows: a public UUID for addresses, an integer key inside."""

import uuid

from django.db import models


class PublicModel(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
