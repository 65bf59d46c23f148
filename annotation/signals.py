"""Tells that a site's terms have changed. Nothing else: rules stand in services.

`bulk_create` and `update` send no signals; `annotation.services.terms` says it for them.
"""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from annotation.models import LexiconRevision, Term


@receiver([post_save, post_delete], sender=Term)
def lexicon_changed(instance: Term, **_: Any) -> None:
    LexiconRevision.renew(instance.site_id)
