"""WhisperLive with its faster-whisper backend, one model for all clients."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.live.gold import Dictation
from benchmarks.live.peers.environment import Environment
from benchmarks.live.peers.whisperlive_client import WhisperLiveClient
from benchmarks.live.processes import PEER_ENVIRONMENT, ServerProcess, started, wait_until
from benchmarks.loop.processes import free_port

ENVIRONMENT = Environment("whisper-live", "0.10.0", "serve_whisperlive.py", ("requests", "psutil"))


class WhisperLive:
    """`batched`: its cross-session batching, greedy; else its lock, with five beams. Both are its own
    defaults."""

    kept_is_final = True

    def __init__(self, folder: Path, logs: Path, batched: bool) -> None:
        self._logs = logs
        self.name = "whisperlive" if batched else "whisperlive-lock"
        self.folder = folder
        self.way = ("--batched",) if batched else ()

    def prepare(self) -> None:
        ENVIRONMENT.prepare()

    @contextmanager
    def running(self) -> Iterator["RunningWhisperLive"]:
        port = free_port()
        command = ENVIRONMENT.command("serve", "--port", str(port), *self.way)
        with started(self.name, command, self._logs / f"{self.name}.log", PEER_ENVIRONMENT) as process:
            wait_until(lambda: _listens(port), process)
            yield RunningWhisperLive(f"ws://127.0.0.1:{port}", process, self)


class RunningWhisperLive:
    def __init__(self, url: str, process: ServerProcess, server: WhisperLive) -> None:
        self._server = server
        self.processes: Sequence[ServerProcess] = (process,)
        self._url = url

    def client(self) -> WhisperLiveClient:
        return WhisperLiveClient(self._url)

    def offline(self, dictations: Sequence[Dictation]) -> list[str]:
        return ENVIRONMENT.offline(dictations, self._server.folder, *self._server.way)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
