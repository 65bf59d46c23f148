"""The product as processes that can be killed, and a PostgreSQL of its own that can be restarted."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.lost.servers import free_port

START_S = 120.0
POSTGRES = "postgres"


class Process:
    """One command at one port; `alive` is an address that answers when it is up."""

    def __init__(self, command: Sequence[str], alive: str, **environment: str) -> None:
        self.port = free_port()
        self._command = [part.format(port=self.port) for part in command]
        self._alive = f"http://127.0.0.1:{self.port}{alive}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, wait: bool = True) -> None:
        self._process = subprocess.Popen([sys.executable, *self._command], env=os.environ | self._environment)
        if wait:
            self.wait()

    def wait(self) -> None:
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            with suppress(OSError):
                urllib.request.urlopen(self._alive, timeout=5).close()
                return
            if self._process and self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{self._command} did not start")

    def kill(self) -> None:
        """As a power cut does it: nothing is finished."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def web(engine_port: int) -> Process:
    command = ["-m", "uvicorn", "config.asgi:application", "--log-level", "error", "--port", "{port}"]
    return Process(command, "/login/", AUSCULT_ENGINE_URL=f"http://127.0.0.1:{engine_port}")


def engine(base_model: str) -> Process:
    command = ["-m", "inference.engine", "--port", "{port}"]
    return Process(command, "/v1/load", AUSCULT_BASE_MODEL=base_model)


class Postgres:
    """A cluster in a folder of its own, run by the system's user for it."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.port = free_port()
        self._binaries, self._data = binaries, folder / "data"
        shutil.chown(folder, POSTGRES)
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "-D", str(self._data))

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._data}"
        log = str(self._data / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """At once: every connection is cut in the middle of what it does."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        as_postgres = ["setpriv", f"--reuid={POSTGRES}", f"--regid={POSTGRES}", "--clear-groups", *command]
        subprocess.run(as_postgres, check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def own_postgres() -> Iterator[Postgres | None]:
    """None where it is not installed, or where this user may not become the one that runs it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or os.geteuid() != 0:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="auscult-pg-", ignore_cleanup_errors=True) as name:
        postgres = Postgres(found[-1].parent, Path(name))
        postgres.start()
        try:
            yield postgres
        finally:
            with suppress(subprocess.CalledProcessError):
                postgres.stop()
