"""Figures for Prometheus: who may read them, what the web process and the worker tell."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from celery.signals import before_task_publish
from celery.utils.dispatch import Signal
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from base.jobs import Job
from base.metrics_access import LOOPBACK, MetricsAccess
from base.metrics_queue import STAMP, Queues, waiting_in_folder, waiting_in_redis
from config import env, worker_metrics
from config.training_metrics import TrainingRuns
from config.worker_metrics import JobFigures, exposition
from inference.consumers.hearing import EngineLoad
from tests.inference.consumers.guests import Guest
from tests.inference.engine.test_app import SECOND, engine
from tests.inference.keys import make_program
from training.models import RunStatus

HERE = MetricsAccess.of(LOOPBACK.split(","))


def values(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, label values in order of their names) -> value."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_read(address):
    assert HERE.allows(address, {})


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1", "", "unix:"])
def test_others_may_not(address):
    assert not HERE.allows(address, {})


def test_a_proxy_of_this_machine_does_not_let_others_in():
    assert not HERE.allows("127.0.0.1", {"x-forwarded-for": "203.0.113.7"})


def test_a_token_is_asked_of_everybody_once_there_is_one():
    access = MetricsAccess.of(["10.0.0.0/8"], token="long and random")
    assert access.allows("203.0.113.7", {"authorization": "Bearer long and random"})
    assert not access.allows("10.1.2.3", {})
    assert not access.allows("10.1.2.3", {"authorization": "Bearer another"})


@pytest.mark.parametrize("named", ["0.0.0.0/0", "10.0.0.0/8,::/0", "ward 3"])
def test_a_network_is_one_and_never_the_whole_world(named, monkeypatch):
    monkeypatch.setenv("AUSCULT_METRICS_ALLOW", named)
    with pytest.raises(ImproperlyConfigured, match="AUSCULT_METRICS_ALLOW"):
        env.networks("AUSCULT_METRICS_ALLOW", LOOPBACK)
    with pytest.raises(ValueError):
        MetricsAccess.from_environment()


def test_the_page_of_figures_needs_no_login_but_the_right_place(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403


@pytest.mark.django_db
def test_answers_are_counted_by_the_pattern_of_their_address(client):
    def counted(route, status):
        labels = {"method": "GET", "route": route, "status": status}
        return REGISTRY.get_sample_value("auscult_web_http_requests_total", labels) or 0

    before = counted("/recordings/<uuid:uuid>/", "302"), counted("none", "404")
    client.get("/recordings/00000000-0000-0000-0000-000000000000/")
    client.get("/no/such/place/王小明/")
    after = counted("/recordings/<uuid:uuid>/", "302"), counted("none", "404")
    assert after == (before[0] + 1, before[1] + 1)
    assert "王小明" not in client.get("/metrics").content.decode()


def test_the_room_on_the_disk_is_told(client):
    told = values(client.get("/metrics").content.decode())
    assert 0 < told["auscult_web_data_free_bytes", ()] <= told["auscult_web_data_size_bytes", ()]


def test_several_processes_of_one_service_are_one(tmp_path):
    """Each counts one frame and holds one session; those of a process that is gone are not open any more."""
    count = "from base import metrics; metrics.FRAMES.inc(); metrics.LIVE_SESSIONS.labels('native').inc()"
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code):
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, text=True, check=True, capture_output=True).stdout

    run(count)
    tell = (
        "from base.metrics_processes import of_all_processes; from prometheus_client import generate_latest; "
    )
    told = values(run(f"{count}; {tell} print(generate_latest(of_all_processes()).decode())"))
    assert told["auscult_web_frames_total", ()] == 2
    assert told["auscult_web_live_sessions", ("native",)] == 1


def test_jobs_are_counted_by_name_and_outcome():
    registry = CollectorRegistry()
    figures = JobFigures(registry)
    task = SimpleNamespace(name=Job.RUN_EXECUTE.value, request=SimpleNamespace(queued_at_s=time.time() - 3))
    figures.begins(task)
    running = values(generate_latest(registry).decode())
    figures.ends(task, state="SUCCESS")
    figures.begins(SimpleNamespace(name="celery.chord", request=SimpleNamespace()))
    figures.ends(SimpleNamespace(name="celery.chord"), state="FAILURE")
    told = values(generate_latest(registry).decode())
    name = Job.RUN_EXECUTE.value
    assert running["auscult_worker_running_jobs", (name,)] == 1
    assert told["auscult_worker_running_jobs", (name,)] == 0
    assert told["auscult_worker_jobs_total", (name, "success")] == 1
    assert told["auscult_worker_jobs_total", ("other", "failure")] == 1
    assert told["auscult_worker_job_wait_seconds_sum", (name,)] >= 3


def test_a_job_whose_process_died_is_lost_and_one_that_raised_is_not():
    registry = CollectorRegistry()
    figures, lost = JobFigures(registry), type("WorkerLostError", (Exception,), {})
    figures.broke(SimpleNamespace(name=Job.RUN_EXECUTE.value), ValueError())
    figures.broke(SimpleNamespace(name=Job.RUN_EXECUTE.value), lost())
    told = values(generate_latest(registry).decode())
    assert told["auscult_worker_jobs_total", (Job.RUN_EXECUTE.value, "lost")] == 1
    assert len([name for name, _ in told if name == "auscult_worker_jobs_total"]) == 1


def test_what_an_alert_looks_for_is_there_before_it_happens(monkeypatch):
    """increase() does not count that a series appears: one that is born at 1 has risen by nothing."""
    registry = CollectorRegistry()
    for signal in ("task_prerun", "task_postrun", "task_failure"):
        monkeypatch.setattr(worker_metrics, signal, Signal())  # the suite's own jobs are not counted here
    JobFigures(registry).connect()
    told = values(generate_latest(registry).decode())
    for name in (*Job.values, "other"):
        for outcome in ("failure", "lost"):
            assert told["auscult_worker_jobs_total", (name, outcome)] == 0
    for reason in ("disk", "gap", "bad"):
        assert REGISTRY.get_sample_value("auscult_web_frames_refused_total", {"reason": reason}) is not None


async def test_what_an_alert_asks_of_the_engine_is_there_before_it_happens():
    async with engine() as client:
        await client.post("/v1/transcribe?lane=batch", content=SECOND)
        text = (await client.get("/metrics")).text
    found = [s for family in text_string_to_metric_families(text) for s in family.samples]
    refused = {s.labels["lane"]: s.value for s in found if s.name == "auscult_engine_refused_total"}
    assert refused == {"final": 0, "partial": 0, "batch": 0}
    of_model = [s.labels for s in found if s.name == "auscult_engine_requests_total"]
    failed = [(s.labels, s.value) for s in found if s.name == "auscult_engine_failures_total"]
    assert failed == [({"model": of_model[0]["model"], "adapter": ""}, 0)]


@pytest.mark.django_db(transaction=True)
async def test_a_session_that_finds_no_room_is_counted(monkeypatch):
    async def full():
        return EngineLoad(4, 4.0, False, 7.0, 3, "cpu", False)

    def counted():
        return REGISTRY.get_sample_value("auscult_web_sessions_refused_total", {"reason": "busy"}) or 0

    monkeypatch.setattr("inference.consumers.admission.engine_place", full)
    program, before = await database_sync_to_async(make_program)(), counted()
    client = await Guest("/ws/live/", program.secret).open()
    await client.send({"type": "start"})
    await client.closed()
    assert counted() == before + 1


def test_what_waits_in_the_folder_is_told_by_queue_with_its_age(tmp_path, settings):
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path)}
    for name, age_s in (("1_a.cpu.msg", 90), ("2_b.cpu.msg", 30), ("3_c.celery.pidbox.msg", 500)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    registry = CollectorRegistry()
    registry.register(Queues())
    told = values(generate_latest(registry).decode())
    assert told["auscult_worker_queue_jobs", ("cpu",)] == 2
    assert 90 <= told["auscult_worker_queue_age_seconds", ("cpu",)] < 150
    assert told["auscult_worker_queue_jobs", ("gpu",)] == 0
    assert waiting_in_folder(tmp_path / "none", "cpu", time.time()).jobs == 0


class OneQueue:
    def __init__(self, *messages):
        self.messages = messages

    def llen(self, _):
        return len(self.messages)

    def lindex(self, _, at):
        return self.messages[at] if self.messages else None


def test_what_waits_in_redis_is_as_old_as_its_stamp():
    newest, oldest = (json.dumps({"headers": {STAMP: sent_s}}) for sent_s in (1_000.0, 940.0))
    assert waiting_in_redis(OneQueue(newest, oldest), "cpu", 1_000.0).oldest_s == 60
    assert waiting_in_redis(OneQueue(), "cpu", 1_000.0).jobs == 0


def test_every_job_is_stamped_when_it_is_sent():
    headers: dict[str, float] = {}
    before_task_publish.send(sender=Job.RUN_EXECUTE.value, headers=headers)
    assert time.time() - headers[STAMP] < 60


@pytest.mark.django_db
def test_training_runs_are_told_by_status():
    registry = CollectorRegistry()
    registry.register(TrainingRuns())
    told = values(generate_latest(registry).decode())
    assert {labels for name, labels in told if name == "auscult_worker_training_runs"} == {
        (status,) for status in RunStatus.values
    }


def asked(path="/metrics", **environ):
    said: list[str] = []
    environ = {"PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1"} | environ
    body = b"".join(exposition(environ, lambda status, _: said.append(status)))
    return said[0], body.decode()


@pytest.mark.django_db
def test_the_worker_tells_its_figures_where_it_may(settings):
    assert asked(REMOTE_ADDR="203.0.113.7")[0].startswith("403")
    assert asked(HTTP_X_FORWARDED_FOR="203.0.113.7")[0].startswith("403")
    assert asked("/")[0].startswith("404")
    status, body = asked()
    assert status.startswith("200") and "auscult_worker_queue_jobs" in body
    settings.AUSCULT_METRICS_TOKEN = "t"
    assert asked()[0].startswith("403")
    assert asked(HTTP_AUTHORIZATION="Bearer t")[0].startswith("200")


def test_tests_open_no_port_for_figures():
    assert settings.AUSCULT_WORKER_METRICS_PORT == 0
