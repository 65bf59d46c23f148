"""The Celery application: jobs are found in each app's `tasks.py`; their names stand in `base.jobs.Job`."""

import os
import time
from pathlib import Path

from celery import Celery
from celery.signals import before_task_publish, celeryd_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")

app = Celery("auscult")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def make_broker_folders(**_: object) -> None:
    """The filesystem broker does not make its own folders."""
    for key, folder in settings.CELERY_BROKER_TRANSPORT_OPTIONS.items():
        if key.endswith(("_in", "_out", "_folder")):
            Path(str(folder)).mkdir(parents=True, exist_ok=True)


@before_task_publish.connect
def stamp(headers: dict[str, object], **_: object) -> None:
    """When a job was sent: a broker does not say how long its oldest one waits."""
    headers["queued_at_s"] = time.time()


@celeryd_init.connect
def serve_figures(**_: object) -> None:
    from config import worker_metrics  # rows of training: no app is loaded yet where this module is read

    worker_metrics.start()
