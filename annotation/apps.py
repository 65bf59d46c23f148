from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnnotationConfig(AppConfig):
    name = "annotation"
    verbose_name = _("Recordings and corrections")

    def ready(self) -> None:
        import_module("annotation.signals")
