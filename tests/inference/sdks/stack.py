"""The real thing for clients to talk to: a web process, an engine with the bundled model, a database of their
own with one site and its key."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STARTS_S = 90
SET_UP = """
import django, json
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from tests.factories import make_live_model
from tests.inference.keys import make_program
make_live_model(settings.AUSCULT_BASE_MODEL)
print(json.dumps({"key": make_program().secret}))
"""


@dataclass(frozen=True)
class Stack:
    port: int
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Stack]:
    web, engine = _free_port(), _free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.main",
        "AUSCULT_DATA_DIR": str(folder),
        "AUSCULT_ENGINE_URL": f"http://127.0.0.1:{engine}",
        "DATABASE_URL": "",
        "AUSCULT_REDIS_URL": "",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        "HF_HUB_OFFLINE": "1",
    }
    with contextlib.ExitStack() as started, (folder / "log.txt").open("w") as log:

        def start(*command: str) -> None:
            child = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            started.callback(child.wait, timeout=60)
            started.callback(child.terminate)

        start("inference.engine", "--port", str(engine))
        made = subprocess.run(
            [sys.executable, "-c", SET_UP], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
        )
        start("uvicorn", "config.asgi:application", "--port", str(web), "--log-level", "info")
        _wait_for(f"http://127.0.0.1:{web}/login/")
        _wait_for(f"http://127.0.0.1:{engine}/health")
        yield Stack(web, json.loads(made.stdout.splitlines()[-1])["key"])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_for(address: str) -> None:
    until_s = time.monotonic() + STARTS_S
    while time.monotonic() < until_s:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")
