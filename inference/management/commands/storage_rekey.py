"""Everything that is stored encrypted is encrypted with the first key; earlier keys can go afterwards."""

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from base.encryption import EncryptedField
from inference.models import LiveSession, LiveSessionStatus
from inference.services.spool import spool_exists, spool_rekey

NO_SOUND = (LiveSessionStatus.STORED, LiveSessionStatus.EMPTY, LiveSessionStatus.EXPIRED)


class Command(BaseCommand):
    help = "Encrypts with the first key of AUSCULT_STORAGE_KEY what an earlier one has encrypted."

    def handle(self, **_options: object) -> None:
        rows = sum(_rows_rekey(model) for model in apps.get_models())
        spools = 0
        for session in LiveSession.objects.exclude(status__in=NO_SOUND):
            if spool_exists(session.spool_path):
                spool_rekey(session.spool_path)
                spools += 1
        self.stdout.write(f"{rows} rows and the sound of {spools} sessions are under the first key now.")


def _rows_rekey(model: type[models.Model]) -> int:
    names = [field.name for field in model._meta.local_concrete_fields if isinstance(field, EncryptedField)]
    if not names:
        return 0
    keys = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
    for pk in keys:
        with transaction.atomic():
            row = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                row.save(update_fields=names)
    return len(keys)
