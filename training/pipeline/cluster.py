"""python -m training.pipeline.cluster <run folder> --workers 4 [--address …]: a run on several machines.

The same stages. `train` runs on the workers of a Ray cluster, the others here. Run folder, recordings and
models lie where all machines see them under the same path: progress, stop and result go through that folder.
"""

import argparse
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from training.pipeline.folder import RunFolder
from training.pipeline.packages import require_package, require_packages
from training.pipeline.processes import LONG, StopFlag, Stopped, World, backend_of
from training.pipeline.runner import reported, run_one
from training.pipeline.stages import STAGES
from training.pipeline.tail import copied_to_stdout

STOP, SAID, STORAGE = "stop", "said.log", "ray"  # in the folder of the stage
PASSED_ON = ("OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")
OBJECT_STORE_BYTES = 100_000_000  # nothing large goes through it
LOOPBACK = "127.0.0.1"


class ClusterTooSmallError(Exception):
    """The run would wait for ever."""


class StopFile(StopFlag):
    """Asked for here, seen by every worker."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__()

    @property
    def is_set(self) -> bool:
        return self._path.exists()

    @is_set.setter
    def is_set(self, value: bool) -> None:
        if value:
            self._path.touch()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.pipeline.cluster", description=__doc__)
    parser.add_argument("folder", type=Path, help="the run's folder, with its request.json")
    parser.add_argument("--workers", type=int, default=1, help="processes that train, one GPU each")
    parser.add_argument("--address", default="", help="of the cluster's head; empty: one on this machine")
    chosen = parser.parse_args(arguments)
    target = chosen.folder / "train"
    target.mkdir(parents=True, exist_ok=True)
    (target / STOP).unlink(missing_ok=True)
    stop = StopFile(target / STOP)
    return reported(
        lambda: run_all(RunFolder.open(chosen.folder), stop, chosen.workers, chosen.address), stop
    )


def run_all(folder: RunFolder, stop: StopFlag, workers: int, address: str) -> None:
    require_package("ray", "training on a cluster", "cluster")
    require_packages(folder.config)
    for stage in STAGES:
        if folder.is_done(stage.name):
            continue
        if not stage.on_every_process:
            run_one(stage, folder, World(), stop)
            continue
        with _cluster(workers, address, stop) as uses_gpu:
            _fit(folder, stage.name, workers, uses_gpu)
        if not folder.is_done(stage.name):
            raise Stopped


@contextmanager
def _cluster(workers: int, address: str, stop: StopFlag) -> Iterator[bool]:
    """Joined, or started on loopback alone -> whether its workers have GPUs. No telemetry, no dashboard."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address:
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # what a head asks for unless told otherwise
    import ray  # an extra; seconds to import

    own: dict[str, Any] = {
        "address": "local",  # not the one that may be running here
        "num_cpus": workers,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_node_ip_address": LOOPBACK,
    }
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    joined: dict[str, Any] = {"address": address, "runtime_env": {"env_vars": passed_on}}
    if not address:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    try:
        ray.init(log_to_driver=False, **(joined if address else own))
        stop.install()  # Ray has put its own in its place
        stop.raises = False  # the workers save first
        yield _uses_gpu(ray.cluster_resources(), workers)
    finally:
        stop.raises = True
        ray.shutdown()


def _uses_gpu(resources: dict[str, float], workers: int) -> bool:
    kind = "GPU" if resources.get("GPU") else "CPU"
    there = int(resources.get(kind, 0))
    if there < workers:
        raise ClusterTooSmallError(f"{workers} workers were asked for; the cluster has {there} {kind}s.")
    return kind == "GPU"


def _fit(folder: RunFolder, stage: str, workers: int, uses_gpu: bool) -> None:
    from ray.train import RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchConfig, TorchTrainer

    storage, said = folder.path / stage / STORAGE, folder.path / stage / SAID
    said.unlink(missing_ok=True)
    backend = backend_of("cuda" if uses_gpu else "cpu")
    trainer = TorchTrainer(
        on_worker,
        train_loop_config={"folder": str(folder.path), "stage": stage},
        torch_config=TorchConfig(backend, timeout_s=int(LONG.total_seconds())),
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=uses_gpu),
        run_config=RunConfig(name=stage, storage_path=str(storage)),
    )
    try:
        with copied_to_stdout(said):
            trainer.fit()
    except TrainingFailedError as error:
        failures = getattr(error, "worker_failures", {})
        raise next(iter(failures.values()), error) from error
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def on_worker(what: dict[str, str]) -> None:
    """What each worker does: the stage as under torchrun, in a world that Ray has made."""
    import ray.train
    from ray.train.torch import get_device

    context = ray.train.get_context()
    world = World(context.get_world_rank(), context.get_world_size(), get_device())
    folder = RunFolder.open(Path(what["folder"]))
    stage = next(one for one in STAGES if one.name == what["stage"])
    own = folder.path / stage.name
    heard = own / SAID if world.is_first else Path(os.devnull)
    # Stopped: the stage has no result, that says it.
    with heard.open("a", buffering=1, encoding="utf-8") as said, redirect_stdout(said), suppress(Stopped):
        run_one(stage, folder, world, StopFile(own / STOP))


if __name__ == "__main__":
    # Under its importable name, so that workers find the function by it.
    from training.pipeline.cluster import main as imported
    from training.pipeline.processes import end_process

    end_process(imported())
