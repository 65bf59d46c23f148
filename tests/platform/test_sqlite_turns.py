"""SQLite's writers queue: nobody is told that the database is locked, and nobody is passed over."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, connections, transaction

from accounts.models import Site
from tests.factories import make_site

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 6
EACH = 10


@pytest.fixture(autouse=True)
def only_sqlite():
    if connection.vendor != "sqlite":
        pytest.skip("DATABASE_URL names another database")
    connection.ensure_connection()


def impatient(write):
    """In a thread with a connection that does not wait for SQLite's own lock at all."""

    def run():
        try:
            connection.cursor().execute("PRAGMA busy_timeout = 0")
            return write()
        finally:
            connections.close_all()

    return run


def test_many_writers_without_patience_all_get_their_turn():
    site = make_site()

    def write():
        for _ in range(EACH):
            with transaction.atomic():
                name = Site.objects.get(pk=site.pk).name
                Site.objects.filter(pk=site.pk).update(name=f"{int(name.split()[-1]) + 1}")
            Site.objects.filter(pk=site.pk).update(slug="x")  # a transaction by itself

    Site.objects.filter(pk=site.pk).update(name="0")
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(impatient(write)) for _ in range(WRITERS)]:
            done.result(60)
    assert Site.objects.get(pk=site.pk).name == str(WRITERS * EACH)


def test_a_refused_transaction_gives_its_turn_back():
    site = make_site()
    with pytest.raises(RuntimeError), transaction.atomic():
        Site.objects.filter(pk=site.pk).update(name="never")
        raise RuntimeError
    with ThreadPoolExecutor(1) as pool:
        pool.submit(impatient(lambda: Site.objects.filter(pk=site.pk).update(name="then"))).result(10)
    assert Site.objects.get(pk=site.pk).name == "then"


def test_readers_do_not_queue():
    site = make_site()
    held, read = Event(), Event()

    def hold():
        with transaction.atomic():
            Site.objects.filter(pk=site.pk).update(name="not yet")
            held.set()
            assert read.wait(10)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(impatient(hold))
        assert held.wait(10)
        begun = time.monotonic()
        assert Site.objects.get(pk=site.pk).name == site.name
        assert time.monotonic() - begun < 5
        read.set()
        writing.result(10)
