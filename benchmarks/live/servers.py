"""The servers that are compared, behind one seam: start, give clients, tell what was used.

Each runs as a person would run it, with its own defaults, on the same weights.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np

from benchmarks.live.gold import Dictation, pcm16
from benchmarks.live.harness import LiveClient
from benchmarks.live.peers.whisperlive import WhisperLive
from benchmarks.live.peers.whisperlivekit import WhisperLiveKit
from benchmarks.live.processes import QUIET, ServerProcess, answers, started, wait_until
from benchmarks.live_client import NativeClient
from benchmarks.loop.processes import free_port

ROOT = Path(__file__).resolve().parents[2]


class Running(Protocol):
    """A server that takes clients."""

    @property
    def processes(self) -> Sequence[ServerProcess]: ...

    def client(self) -> LiveClient: ...

    def offline(self, dictations: Sequence[Dictation]) -> list[str]:
        """What the same recogniser hears in each dictation when it may take its time, utterance by utterance
        as they were really said. Asked while nobody speaks."""


class Server(Protocol):
    """`kept_is_final`: see measure()."""

    name: str
    kept_is_final: bool

    def prepare(self) -> None:
        """What may take long and is not measured."""

    def running(self) -> AbstractContextManager[Running]: ...


class Auscult:
    """Web and engine on a fresh data folder, as in the Procfile; no worker, for nothing is corrected here."""

    name = "auscult"
    kept_is_final = False

    def __init__(self, folder: Path, logs: Path) -> None:
        self._logs = logs
        self._data = folder / "data"

    def prepare(self) -> None:
        """A hospital with one clinician, and the bundled model live."""
        os.environ |= self._environment(free_port(), free_port())
        import django

        django.setup()
        from django.core.management import call_command

        from training.demo.build import people_make
        from training.services.speech_models import base_model_register

        self._data.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        people_make()
        base_model_register()
        django.db.connections.close_all()

    @contextmanager
    def running(self) -> Iterator["RunningAuscult"]:
        web, engine = free_port(), free_port()
        environment = self._environment(web, engine)
        python = [sys.executable, "-m"]
        serve = ["uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--log-level", "warning"]
        commands = {
            "engine": [*python, "inference.engine", "--port", str(engine)],
            "web": [*python, *serve, "--port", str(web), "--ws-per-message-deflate", "false"],
        }
        with ExitStack() as stack:
            processes = [
                stack.enter_context(started(name, command, self._logs / f"{name}.log", environment))
                for name, command in commands.items()
            ]
            wait_until(lambda: answers(f"http://127.0.0.1:{engine}/health"), processes[0])
            wait_until(lambda: answers(f"http://127.0.0.1:{web}/login/"), processes[1])
            yield RunningAuscult(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{engine}", processes)

    def _environment(self, web: int, engine: int) -> dict[str, str]:
        return QUIET | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}",
            "DJANGO_SETTINGS_MODULE": "config.settings.main",
            "AUSCULT_DATA_DIR": str(self._data),
            "AUSCULT_ENGINE_URL": f"http://127.0.0.1:{engine}",
            "AUSCULT_LOG_LEVEL": "WARNING",
            "PORT": str(web),
        }


class RunningAuscult:
    def __init__(self, web: str, engine: str, processes: Sequence[ServerProcess]) -> None:
        from benchmarks.loop.person import Person, page_data

        self.processes: Sequence[ServerProcess] = processes
        person = Person(web, "clinician")
        socket = page_data(person.get("/live/").text, "live-config")["socket"]
        self._url = web.replace("http", "ws") + socket
        self._headers = {"Cookie": person.cookies, "Origin": web}
        self._engine = engine

    def client(self) -> NativeClient:
        return NativeClient(self._url, self._headers)

    def offline(self, dictations: Sequence[Dictation]) -> list[str]:
        with httpx.Client(base_url=self._engine, timeout=60, trust_env=False) as http:
            return [" ".join(_heard(http, samples) for samples in one.cut()) for one in dictations]


def _heard(http: httpx.Client, samples: np.ndarray) -> str:
    answer = http.post("/v1/transcribe", params={"word_times": 0}, content=pcm16(samples))
    return str(answer.raise_for_status().json()["text"])


def servers(folder: Path, logs: Path) -> dict[str, Server]:
    """By the names of the command line."""
    known: list[Server] = [
        Auscult(folder, logs),
        WhisperLive(folder, logs, batched=True),
        WhisperLive(folder, logs, batched=False),
        WhisperLiveKit(folder, logs),
    ]
    return {server.name: server for server in known}
