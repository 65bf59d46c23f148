"""A throw-away SQLite database for one benchmark."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command


@contextmanager
def scratch_database() -> Iterator[None]:
    """Django set up on a fresh data folder, migrated; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="auscult-bench-") as folder:
        os.environ |= {"AUSCULT_DATA_DIR": folder, "DATABASE_URL": "", "AUSCULT_LOG_LEVEL": "ERROR"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
        django.setup()
        call_command("migrate", verbosity=0)
        yield
