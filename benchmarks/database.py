"""A throw-away database for one benchmark: SQLite in a fresh folder, or PostgreSQL under a name of its own.

PostgreSQL is looked for at BENCH_POSTGRES_URL; where it does not listen the caller leaves that part out.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command

POSTGRES_URL = os.environ.get("BENCH_POSTGRES_URL", "postgresql://postgres:postgres@127.0.0.1:5432/postgres")


def databases() -> list[str]:
    """Those that can be measured here."""
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        return ["sqlite"]
    return ["postgresql", "sqlite"]


@contextmanager
def scratch_database(kind: str = "sqlite") -> Iterator[None]:
    """Django set up on a fresh data folder, migrated; gone afterwards. Once in a process."""
    with tempfile.TemporaryDirectory(prefix="auscult-bench-") as folder, _server(kind) as url:
        os.environ |= {"AUSCULT_DATA_DIR": folder, "DATABASE_URL": url}
        os.environ.setdefault("AUSCULT_LOG_LEVEL", "ERROR")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            django.db.connections.close_all()


@contextmanager
def _server(kind: str) -> Iterator[str]:
    """-> DATABASE_URL, empty for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    name = f"auscult_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
