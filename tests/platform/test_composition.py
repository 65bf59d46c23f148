"""The composition hands on what the documents promise, and its image has what that needs."""

import re
from pathlib import Path

import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ENVIRONMENTS = {name: SERVICES[name]["environment"] for name in ("web", "worker-cpu", "worker-gpu", "engine")}
# Given in the image, in a command or for the workers alone; or not to be set in a hospital.
FIXED = {
    "AUSCULT_DATA_DIR",
    "AUSCULT_DEBUG",
    "AUSCULT_ENGINE_HOST",
    "AUSCULT_ENGINE_PORT",
    "AUSCULT_METRICS_ALLOW",
    "AUSCULT_METRICS_HOST",
    "AUSCULT_WORKER_METRICS_PORT",
}
# Services of the composition, called by their names in it.
INSIDE = {"AUSCULT_REDIS_URL", "AUSCULT_ENGINE_URL"}


def documented() -> set[str]:
    text = (ROOT / "docs/operations.md").read_text()
    table = text.partition("## Settings")[2].partition("\n##")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(AUSCULT_\w+)`", " ".join(rows)))


def test_every_documented_setting_is_handed_on():
    names = documented()
    assert len(names) > 40 and names >= FIXED
    of_engine = {name for name in names if name.startswith("AUSCULT_ENGINE_")}
    assert names - FIXED - of_engine <= set(ENVIRONMENTS["web"])
    assert of_engine - FIXED <= set(ENVIRONMENTS["engine"])


def test_what_web_is_told_workers_and_engine_are_told_too():
    for name, environment in ENVIRONMENTS.items():
        assert ENVIRONMENTS["web"].items() <= environment.items(), name


def test_what_is_handed_on_is_the_hosts_own():
    """By the same name, with a default or without a value: no other is written in its place."""
    for name, value in ENVIRONMENTS["engine"].items():
        if name.startswith("AUSCULT_") and name not in INSIDE:
            assert value is None or str(value).startswith((f"${{{name}:-", f"${{{name}:?")), name


def test_the_image_has_what_traces_need():
    assert "AUSCULT_TRACES_URL" in ENVIRONMENTS["web"]
    [install] = re.findall(r"pip install .* -e (\S+)", (ROOT / "Dockerfile").read_text())
    assert "[traces]" in install
    constraints = (ROOT / "constraints.txt").read_text()
    for package in ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"):
        assert f"{package}==" in constraints
