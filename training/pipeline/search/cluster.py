"""A Ray of this machine alone: no telemetry, no dashboard, every port on loopback and behind a token.

The variables must stand before Ray is imported; nothing here imports it at the top.
"""

import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from training.pipeline.search.request import Budget

_OBJECT_STORE_BYTES = 80_000_000  # trials exchange numbers only; Ray refuses less
_MOST_AT_ONCE = 8
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # What Ray does on macOS and Windows by default: the node is 127.0.0.1, and its servers listen there only.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
}


@dataclass(frozen=True, slots=True)
class Share:
    """What one trial gets of the machine, and how many run at a time."""

    concurrent: int
    threads: int
    gpus: float = 0.0

    @property
    def resources(self) -> dict[str, float]:
        return {"cpu": 1, "gpu": self.gpus} if self.gpus else {"cpu": 1}


def share_of(budget: Budget) -> Share:
    """One trial an accelerator, or a core; `budget.concurrent` puts several on one."""
    gpus, cores = torch.cuda.device_count(), os.cpu_count() or 1
    concurrent = min(budget.trials, budget.concurrent or min(gpus or cores, _MOST_AT_ONCE))
    # Ray and torch would both overrule OMP_NUM_THREADS; two threads too many cost more than one too few.
    allowed = int(os.environ.get("OMP_NUM_THREADS") or cores)
    threads = max(1, min(allowed, cores // concurrent))
    return Share(concurrent, threads, min(1.0, gpus / concurrent))


@contextmanager
def local_ray(share: Share) -> Iterator[Path]:
    """Yields a folder that is gone afterwards. Its path is short: Ray keeps sockets in it (107 bytes)."""
    os.environ.update(_SETTINGS, RAY_AUTH_TOKEN=secrets.token_hex(32))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # Ray's workers find what we find
    import ray

    with tempfile.TemporaryDirectory(prefix="auscult-", ignore_cleanup_errors=True) as folder:
        ray.init(
            num_cpus=share.concurrent,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=folder,
            _node_ip_address="127.0.0.1",
        )
        try:
            yield Path(folder) / "tune"
        finally:
            ray.shutdown()
