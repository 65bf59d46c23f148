"""The worker's figures: jobs by name and outcome, what waits, training runs; and their own small server.

Children of the worker write what they count into a folder that its main process made; that one answers.
Nothing of this exists until a worker starts with AUSCULT_WORKER_METRICS_PORT set.
"""

import atexit
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import prometheus_client.values
from celery import Task
from celery.signals import task_failure, task_postrun, task_prerun, worker_process_init, worker_ready
from django.conf import settings
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.values import MultiProcessValue

from base.jobs import Job
from base.metrics_access import MetricsAccess
from base.metrics_processes import VARIABLE, of_all_processes
from base.metrics_queue import STAMP, Queues
from config.training_metrics import TrainingRuns

logger = logging.getLogger(__name__)

# From a peak file to a night of training.
JOB_S = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600)
LOST = "WorkerLostError"


class JobFigures:
    """Hears Celery's signals; in the children, but for the job whose child died.

    The label is `name`: Prometheus calls what it scrapes `job`.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._main_pid = os.getpid()
        self._began_s = 0.0
        self.ended = Counter(
            "auscult_worker_jobs_total", "Jobs that ended", ["name", "outcome"], registry=registry
        )
        self.took = Histogram(
            "auscult_worker_job_seconds", "How long a job ran", ["name"], registry=registry, buckets=JOB_S
        )
        self.waited = Histogram(
            "auscult_worker_job_wait_seconds",
            "How long a job waited for a worker",
            ["name"],
            registry=registry,
            buckets=JOB_S,
        )
        self.running = Gauge(
            "auscult_worker_running_jobs",
            "Jobs at work now",
            ["name"],
            registry=registry,
            multiprocess_mode="livesum",
        )

    def connect(self) -> None:
        self._begin_at_zero()
        task_prerun.connect(self.begins, weak=False)
        task_postrun.connect(self.ends, weak=False)
        task_failure.connect(self.broke, weak=False)

    def _begin_at_zero(self) -> None:
        """An alert's increase() does not see a series that appears at 1, which the first event would be."""
        for job in (*Job.values, "other"):
            for outcome in ("failure", "lost"):
                self.ended.labels(job, outcome)

    def begins(self, task: Task, **_: object) -> None:
        self._began_s = time.monotonic()
        job = job_label(task.name)
        self.running.labels(job).inc()
        if sent_s := getattr(task.request, STAMP, None):
            self.waited.labels(job).observe(max(0.0, time.time() - sent_s))

    def ends(self, task: Task, state: str, **_: object) -> None:
        job = job_label(task.name)
        self.running.labels(job).dec()
        self.took.labels(job).observe(time.monotonic() - self._began_s)
        self.ended.labels(job, (state or "ignored").lower()).inc()

    def broke(self, sender: Task, exception: BaseException, **_: object) -> None:
        """A job that raises has ended above; this one's process is gone, and the main process says so."""
        if os.getpid() == self._main_pid and type(exception).__name__ == LOST:
            self.ended.labels(job_label(sender.name), "lost").inc()


def job_label(name: str) -> str:
    return name if name in Job.values else "other"


def start() -> None:
    """In the worker's main process, before it forks."""
    if not settings.AUSCULT_WORKER_METRICS_PORT:
        return
    folder = tempfile.mkdtemp(prefix="auscult-worker-metrics-")
    atexit.register(_remove, folder, os.getpid())
    os.environ[VARIABLE] = folder
    prometheus_client.values.ValueClass = MultiProcessValue()  # type: ignore[no-untyped-call]
    JobFigures(CollectorRegistry()).connect()
    worker_ready.connect(_serve, weak=False)


def _remove(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # not when a child of this process ends
        shutil.rmtree(folder, ignore_errors=True)


def _serve(**_: object) -> None:
    host, port = settings.AUSCULT_METRICS_HOST, settings.AUSCULT_WORKER_METRICS_PORT
    try:
        server = make_server(host, port, exposition, _Server, _Quiet)
    except OSError as error:  # jobs matter more than figures
        logger.warning("no figures of this worker: %s:%d cannot be opened: %s", host, port, error)
        return
    worker_process_init.connect(lambda **_: server.socket.close(), weak=False)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def exposition(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    access = MetricsAccess.of(settings.AUSCULT_METRICS_ALLOW, settings.AUSCULT_METRICS_TOKEN)
    headers = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    if environ["PATH_INFO"] != "/metrics":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Figures are at /metrics.\n"]
    if not access.allows(environ["REMOTE_ADDR"], headers):
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"Not from here: see AUSCULT_METRICS_ALLOW and AUSCULT_METRICS_TOKEN.\n"]
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [generate_latest(registry) for registry in (of_all_processes(), STATES) if registry]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A scrape every few seconds is not worth a line."""


STATES = CollectorRegistry()
STATES.register(Queues())
STATES.register(TrainingRuns())
