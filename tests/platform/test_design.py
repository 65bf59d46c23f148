"""Guards of the design: what would break quietly if somebody forgot it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from base.jobs import Job
from config.celery import app

ROOT = Path(settings.BASE_DIR)


def test_platform_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_every_job_is_a_registered_task():
    app.loader.import_default_modules()
    assert {job.value for job in Job} <= set(app.tasks)


def _modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_web_process_never_imports_torch():
    statement = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.test'; "
        "import config.asgi; from django.urls import get_resolver; get_resolver().url_patterns; "
        "from django.contrib import admin; admin.autodiscover()"
    )
    loaded = _modules_after(statement)
    assert "annotation.models" in loaded
    assert not loaded & {"torch", "transformers", "peft", "sklearn", "ray"}


@pytest.mark.parametrize(
    "module",
    [
        "speech.audio",
        "speech.vad",
        "speech.metrics",
        "training.pipeline.config",
        "inference.streaming.session",
        "inference.engine.batcher",
        "annotation.ranking",
    ],
)
def test_pure_code_never_imports_django(module):
    loaded = _modules_after(f"import {module}")
    assert module in loaded
    assert "django" not in loaded


def test_every_setting_is_documented():
    source = (ROOT / "platform/config/settings/main.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    documented = (ROOT / "docs/operations.md").read_text()
    assert names, "the settings read no environment variable: has the reader been renamed?"
    assert not {name for name in names if f"`{name}`" not in documented}


def test_every_stage_is_documented():
    from training.pipeline.stages import STAGES

    documented = (ROOT / "docs/operations.md").read_text()
    assert not [stage.name for stage in STAGES if f"`{stage.name}`" not in documented]


def _addresses(resolver: URLResolver, prefix: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found.append(path)
        elif path != "admin/":
            found += _addresses(entry, path)
    return found


def test_every_endpoint_is_documented():
    documented = (ROOT / "docs/api.md").read_text()
    missing = [path for path in _addresses(get_resolver()) if f"`/{path}`" not in documented]
    assert not missing


def test_no_third_party_source_is_committed():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    names = tracked.stdout.splitlines()
    assert not [name for name in names if name.endswith((".min.js", ".whl", ".onnx"))]
    large = [
        name
        for name in names
        if not name.startswith("models/")
        and (ROOT / name).exists()
        and (ROOT / name).stat().st_size > 1 << 20
    ]
    assert not large


def _benchmarks() -> list[str]:
    names = [path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text()]
    packages = [path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py")]
    return sorted({*names, *packages} - {"__main__"})


@pytest.mark.parametrize("name", _benchmarks())
def test_every_benchmark_starts_by_itself(name):
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
