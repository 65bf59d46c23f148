"""The same fifty experts through real uvicorn processes: pages by HTTP, with real sessions."""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from benchmarks.loop.processes import free_port
from benchmarks.queue.load import THINK_S, WARM_UP_S

WORKERS = 2
CSRF = "b" * 32


def pages_under_load(users: Sequence[User], seconds: float) -> Mapping[str, list[float]]:
    """-> milliseconds by request: `correct` (the redirect and the page that it leads to) and `submit`."""
    cookies = [cookie_of(user) for user in users]
    with serving(WORKERS) as port:
        end = time.time() + WARM_UP_S + seconds
        with ThreadPoolExecutor(len(users)) as pool:
            shifts = list(pool.map(lambda cookie: _shift(port, cookie, end), cookies))
    together: dict[str, list[float]] = defaultdict(list)
    for shift in shifts:
        for request, ms in shift:
            together[request].append(ms)
    return together


def cookie_of(user: User) -> str:
    """Logged in, as the log-in page would leave it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; csrftoken={CSRF}"


@contextmanager
def serving(workers: int) -> Iterator[int]:
    """The web process of the Procfile, so many times -> its port."""
    port = free_port()
    command = ["uvicorn", "config.asgi:application", "--port", str(port), "--workers", str(workers)]
    web = subprocess.Popen(
        [sys.executable, "-m", *command, "--log-level", "error", "--timeout-keep-alive", "120"],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        _wait(f"http://127.0.0.1:{port}/login/", workers)
        yield port
    finally:
        web.terminate()
        web.wait(30)


def _wait(url: str, workers: int) -> None:
    """Each worker has answered, most likely, and has its modules and templates loaded."""
    deadline_s = time.monotonic() + 90
    answers = 0
    while answers < 10 * workers:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{url} does not answer")
        try:
            answers += httpx.get(url, timeout=20).status_code == 200
        except httpx.HTTPError:
            time.sleep(0.3)


def _shift(port: int, cookie: str, end: float) -> list[tuple[str, float]]:
    rng, done = random.Random(cookie), []
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _ask(server, cookie, "GET", "/")  # connections and templates are there, as on a server in use
    time.sleep(WARM_UP_S * (0.5 + rng.random()))
    while time.time() < end:
        begun = time.perf_counter()
        _, address, _ = _ask(server, cookie, "GET", "/correct/")
        status, _, page = _ask(server, cookie, "GET", str(address))
        done.append(("correct", (time.perf_counter() - begun) * 1000))
        assert status == 200 and re.search(r"<textarea id=\"text\"", page)
        time.sleep(rng.expovariate(1 / THINK_S))
        written = {"text": "病人服用 metformin", "version": 0, "active_edit_ms": 2000}
        begun = time.perf_counter()
        status, _, answer = _ask(server, cookie, "POST", f"{address}submit/", written)
        done.append(("submit", (time.perf_counter() - begun) * 1000))
        assert status == 200 and json.loads(answer)["next"], answer
        time.sleep(rng.expovariate(1 / THINK_S))
    return done


def _ask(
    server: http.client.HTTPConnection, cookie: str, method: str, path: str, body: object = None
) -> tuple[int, str | None, str]:
    headers = {"Cookie": cookie, "Content-Type": "application/json", "X-CSRFToken": CSRF}
    server.request(method, path, json.dumps(body) if body else None, headers)
    response = server.getresponse()
    return response.status, response.getheader("Location"), response.read().decode()
