"""Settings of the test suite: fakes where nothing is said, a real database, its own folder."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # not a child that was forked
        shutil.rmtree(folder, ignore_errors=True)


if "AUSCULT_DATA_DIR" not in os.environ:
    # Its own for each run: two at a time would empty each other's tables. What a run starts inherits it.
    os.environ["AUSCULT_DATA_DIR"] = tempfile.mkdtemp(prefix="auscult-tests-")
    atexit.register(_remove, os.environ["AUSCULT_DATA_DIR"], os.getpid())
# A worker of pytest-xdist has a folder and a Redis database of its own, and so has what it starts. Taken from
# the environment once: a subprocess must not go on from its parent's folder to another.
if _worker := os.environ.pop("PYTEST_XDIST_WORKER", ""):
    os.environ["AUSCULT_DATA_DIR"] += f"/{_worker}"
    if _redis := os.environ.get("AUSCULT_REDIS_URL", ""):
        _server, _, _number = _redis.rpartition("/")
        os.environ["AUSCULT_REDIS_URL"] = f"{_server}/{int(_number) + 1 + int(_worker.removeprefix('gw'))}"

from config.settings.main import *  # noqa: E402, F403
from config.settings.main import DATABASES  # noqa: E402

SECRET_KEY = "tests"
LANGUAGE_CODE = "en"  # sentences are compared in the language they are written in, catalogue or not
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
DATABASES["default"]["CONN_MAX_AGE"] = 0  # a test's threads end; nobody may hold its database open
AUSCULT_WORKER_METRICS_PORT = 0
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite"):
    # A file, not memory: threads and the browser's server see the same rows.
    Path(os.environ["AUSCULT_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["TEST"] = {"NAME": str(Path(os.environ["AUSCULT_DATA_DIR"]) / "test.sqlite3")}
