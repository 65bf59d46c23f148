"""WhisperLiveKit with LocalAgreement over faster-whisper, one model for all clients, its own defaults."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.live.gold import Dictation
from benchmarks.live.peers.environment import Environment
from benchmarks.live.peers.whisperlivekit_client import WhisperLiveKitClient
from benchmarks.live.processes import PEER_ENVIRONMENT, ServerProcess, answers, started, wait_until
from benchmarks.loop.processes import free_port

ENVIRONMENT = Environment(
    "whisperlivekit", "0.2.26", "serve_whisperlivekit.py", ("librosa", "soundfile", "tiktoken")
)


class WhisperLiveKit:
    name = "whisperlivekit"
    kept_is_final = True

    def __init__(self, folder: Path, logs: Path) -> None:
        self._logs = logs
        self.folder = folder

    def prepare(self) -> None:
        ENVIRONMENT.prepare()

    @contextmanager
    def running(self) -> Iterator["RunningWhisperLiveKit"]:
        port = free_port()
        command = ENVIRONMENT.command("serve", "--port", str(port))
        with started(self.name, command, self._logs / f"{self.name}.log", PEER_ENVIRONMENT) as process:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), process)
            yield RunningWhisperLiveKit(f"ws://127.0.0.1:{port}/asr?language=zh", process, self.folder)


class RunningWhisperLiveKit:
    def __init__(self, url: str, process: ServerProcess, folder: Path) -> None:
        self.processes: Sequence[ServerProcess] = (process,)
        self._url = url
        self._folder = folder

    def client(self) -> WhisperLiveKitClient:
        return WhisperLiveKitClient(self._url)

    def offline(self, dictations: Sequence[Dictation]) -> list[str]:
        return ENVIRONMENT.offline(dictations, self._folder)
