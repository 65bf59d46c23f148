"""Server processes of a benchmark: started in a group of their own, watched, and always ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx
import psutil

START_TIMEOUT_S = 120.0
END_TIMEOUT_S = 15.0
QUIET = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
# A peer takes half of the cores, as our own engine does: clients, sockets and VAD need the rest. On two busy
# cores two threads waited for one another. The variable tries another number.
PEER_THREADS = os.environ.get("BENCH_PEER_THREADS") or str(max(1, (os.cpu_count() or 1) // 2))
PEER_ENVIRONMENT = QUIET | {"OMP_NUM_THREADS": PEER_THREADS}
# The shell of whoever measures must not decide how many threads a server takes.
FOREIGN_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONPATH", "VIRTUAL_ENV")


class ServerFailedError(RuntimeError):
    """A server did not start or died; the message names its log."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds and resident bytes of a process and its children, since it was started."""

    cpu_s: float
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class ServerProcess:
    name: str
    log: Path
    child: "subprocess.Popen[bytes]"

    def check(self) -> None:
        """Raises ServerFailedError when it is not running any more."""
        if self.child.poll() is not None:
            raise ServerFailedError(f"{self.name} ended with {self.child.returncode}; see {self.log}")

    def usage(self) -> Usage:
        self.check()
        root = psutil.Process(self.child.pid)
        cpu_s, resident = 0.0, 0
        for one in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                cpu_s += times.user + times.system
                resident += one.memory_info().rss
        return Usage(cpu_s, resident)


@contextmanager
def started(
    name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[ServerProcess]:
    """Running, perhaps not ready yet. On leaving the whole group is gone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    own = {key: value for key, value in os.environ.items() if key not in FOREIGN_VARIABLES}
    with log.open("wb") as stream:
        child = subprocess.Popen(
            list(command),
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=own | dict(environment),
            start_new_session=True,
        )
    try:
        yield ServerProcess(name, log, child)
    finally:
        _end(child)


def wait_until(ready: Callable[[], bool], server: ServerProcess, timeout_s: float = START_TIMEOUT_S) -> None:
    """Raises ServerFailedError when it dies or is not ready in time."""
    until_s = time.monotonic() + timeout_s
    while not ready():
        server.check()
        if time.monotonic() > until_s:
            raise ServerFailedError(f"{server.name} is not ready after {timeout_s:.0f} s; see {server.log}")
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def end_on_signal() -> None:
    """SIGTERM unwinds like Ctrl-C, so that no server outlives its benchmark."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def _end(child: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(END_TIMEOUT_S)
            if number is signal.SIGKILL or not _group_lives(child.pid):
                return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
