"""Starts web, worker and engine on a fresh data folder and free ports; stops them all again."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_TIMEOUT_S = 90


@dataclass(frozen=True, slots=True)
class Addresses:
    web: str
    engine: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configure(data_dir: Path) -> Addresses:
    """Sets this process's environment, and so that of every child. Call before Django is set up."""
    web, engine = free_port(), free_port()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.main",
        "AUSCULT_DATA_DIR": str(data_dir),
        "AUSCULT_ENGINE_URL": f"http://127.0.0.1:{engine}",
        "PORT": str(web),
        "HF_HUB_OFFLINE": "1",
        "AUSCULT_LOG_LEVEL": "WARNING",
        "TOKENIZERS_PARALLELISM": "false",
    }
    return Addresses(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{engine}")


@contextmanager
def running(addresses: Addresses, logs: Path) -> Iterator[None]:
    """All three processes up and answering. Raises RuntimeError that names the log of the one that is not."""
    web, engine = addresses.web.rsplit(":", 1)[1], addresses.engine.rsplit(":", 1)[1]
    commands = {
        "web": ["uvicorn", "config.asgi:application", "--port", web, "--ws-per-message-deflate", "false"],
        "worker": ["celery", "-A", "config", "worker", "--queues", "cpu,gpu", "--concurrency", "2"],
        "engine": ["inference.engine", "--port", engine],
    }
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, command in commands.items():
            stack.enter_context(_process(command, logs / f"{name}.log"))
        _wait(f"{addresses.web}/login/", logs / "web.log")
        _wait(f"{addresses.engine}/health", logs / "engine.log")
        yield


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        child = subprocess.Popen([sys.executable, "-m", *command], stdout=stream, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"{url} does not answer; see {log}")
