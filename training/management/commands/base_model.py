"""`manage.py base_model`: registers AUSCULT_BASE_MODEL and makes it the default where nothing is live yet."""

from typing import Any

from django.core.management import BaseCommand

from training.services.speech_models import base_model_register


class Command(BaseCommand):
    help = "Registers the base model; a hospital runs it once, and again after AUSCULT_BASE_MODEL changed."

    def handle(self, *args: Any, **options: Any) -> None:
        model = base_model_register()
        self.stdout.write(f"{model.name}: {model.ref}")
