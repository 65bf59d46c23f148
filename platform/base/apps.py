from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy


class BaseConfig(AppConfig):
    name = "base"

    def ready(self) -> None:
        """A field that was given no name for people is called by its own, and that is a word of the catalogue
        too: the admin's columns and filters are in the person's language."""
        for model in apps.get_models():
            for field in model._meta.fields:
                if type(field.verbose_name) is str:
                    field.verbose_name = gettext_lazy(field.verbose_name)
