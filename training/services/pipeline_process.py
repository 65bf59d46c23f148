"""The training subprocess: started under torchrun, read line by line, stopped with nothing left behind."""

import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

STOP_TIMEOUT_S = 40  # torchrun gives its processes 30 s to write their checkpoint
LOCAL_CLUSTER = "local"
_PR_SET_PDEATHSIG = 1


class PipelineProcess:
    """`python -m torch.distributed.run … -m training.pipeline <folder>` of one run, or a cluster's driver."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            self.command(folder),
            cwd=settings.BASE_DIR,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
            preexec_fn=_die_with_the_worker,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, folder: Path) -> list[str]:
        return command_of(folder)

    def lines(self, every_s: float) -> Iterator[str | None]:
        """Each line as it comes; None when `every_s` passed without one. Ends with the output."""
        while True:
            try:
                line = self._lines.get(timeout=every_s)
            except queue.Empty:
                yield None
                continue
            if line is None:
                return
            yield line

    def ask_to_stop(self) -> None:
        """SIGTERM to torchrun itself, which passes it on: its workers have sessions of their own."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Exit code; negative when torchrun itself was ended by a signal."""
        return self._process.wait()

    def end(self) -> None:
        """Nothing of it runs on after this."""
        if self._process.poll() is not None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)


def command_of(folder: Path) -> list[str]:
    """torchrun on this machine, or a driver of the Ray cluster that AUSCULT_TRAIN_CLUSTER names."""
    if cluster := settings.AUSCULT_TRAIN_CLUSTER:
        address = [] if cluster == LOCAL_CLUSTER else ["--address", cluster]
        workers = str(settings.AUSCULT_TRAIN_PROCESSES)
        return [
            *(sys.executable, "-m", "training.pipeline.cluster", str(folder)),
            *("--workers", workers, *address),
        ]
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(settings.AUSCULT_TRAIN_PROCESSES)),
        *("-m", "training.pipeline", str(folder)),
    ]


def environment() -> dict[str, str]:
    """The cores are shared out among the processes, unless OMP_NUM_THREADS says otherwise."""
    threads = max(1, (os.cpu_count() or 1) // settings.AUSCULT_TRAIN_PROCESSES)
    return {
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        # `platform/` is no package; the child needs only what stands beside it.
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
        ),
    }


def _die_with_the_worker() -> None:
    """Runs in the child before exec: an own session, and SIGTERM when the worker is killed."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
