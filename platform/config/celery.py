"""The Celery application: jobs are found in each app's `tasks.py`; their names stand in `base.jobs.Job`."""

import os
from pathlib import Path

from celery import Celery
from django.conf import settings

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")

broker.install()
app = Celery("auscult")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def make_broker_folders(**_: object) -> None:
    """The filesystem broker does not make its own folders."""
    for key, folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
        if key.endswith(("_in", "_out", "_folder")):
            Path(str(folder)).mkdir(parents=True, exist_ok=True)
