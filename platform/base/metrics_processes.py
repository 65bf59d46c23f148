"""Figures of a service of several processes (uvicorn workers, Celery children), added up.

Each process writes a file into PROMETHEUS_MULTIPROC_DIR; whichever of them is asked reads them all.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def of_all_processes() -> CollectorRegistry | None:
    """None where the process keeps its figures to itself."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def forget_dead(folder: Path) -> None:
    """A process that was killed has no sessions and runs no job; what it counted stays counted."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _is_alive(int(pid)):
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
