"""Settings of the test suite: fakes where nothing is said, a real database, its own folder."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("AUSCULT_DATA_DIR", str(Path(tempfile.gettempdir()) / "auscult-tests"))

from config.settings.main import *  # noqa: F403
from config.settings.main import DATABASES

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
