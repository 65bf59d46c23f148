"""The engine on several GPUs or machines: the same app as replicas of a Ray Serve deployment.

`python -m inference.engine.serve --replicas 2 --most 8 [--address HOST:6379]`. Serve's proxy listens where
one engine would, so AUSCULT_ENGINE_URL stays as it is. A session goes to the same replica as long as that
one lives, so that "latest wins" and the session's place hold. Needs the extra `cluster`.
"""

import argparse
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI

from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.engine.scaling import CAPACITY, SPEAKERS, by_speakers
from speech.recognizer import Recognizer, load
from training.pipeline.search.cluster import Share, local_ray

# Before Ray is imported, here and in its processes: no telemetry, X-Session names the session, and replicas
# tell how many speak every two seconds (Ray's ten are long where somebody waits at the door).
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_SESSION_ID_HEADER_KEY": "x-session",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "2",
}
LOOK_BACK_S = 8.0  # as long as the engine's own window
ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
NAME = "auscult-engine"


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many, what each takes of its machine, and how long a need holds before it is answered."""

    least: int = 1
    most: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    grow_after_s: float = 10.0
    shrink_after_s: float = 600.0


class EngineReplica:
    """One engine in one of Ray's processes; the decorator that makes it a deployment is put on below."""

    def __init__(self, config: EngineConfig, loader: Callable[..., Recognizer]) -> None:
        self._app = create_app(config, loader, warm_before_serving=True)

    def __serve_build_asgi_app__(self) -> FastAPI:
        return self._app

    async def record_autoscaling_stats(self) -> dict[str, float]:
        engine = self._app.state.engine
        engine.observe_load()
        return {SPEAKERS: engine.admission.active, CAPACITY: engine.admission.capacity}

    def check_health(self) -> None:
        """Raises: Serve replaces this replica. One that works without its accelerator is left alone."""
        problem = self._app.state.engine.problem
        if problem and problem != "warming up":
            raise RuntimeError(problem)


def application(config: EngineConfig, replicas: Replicas, loader: Callable[..., Recognizer] = load) -> Any:
    """What `serve.run` takes. Import Ray only after SETTINGS are in the environment."""
    from ray import serve
    from ray.serve.config import AutoscalingConfig, AutoscalingPolicy, RequestRouterConfig

    routing: Any = RequestRouterConfig
    deployment: Any = serve.deployment
    replica = deployment(
        serve.ingress()(EngineReplica),
        name=NAME,
        autoscaling_config=AutoscalingConfig(
            min_replicas=replicas.least,
            max_replicas=replicas.most,
            policy=AutoscalingPolicy(policy_function=by_speakers),
            look_back_period_s=LOOK_BACK_S,
            upscale_delay_s=replicas.grow_after_s,
            downscale_delay_s=replicas.shrink_after_s,
        ),
        max_ongoing_requests=config.max_queued,  # the engine's own bounds answer before that
        request_router_config=routing(request_router_class=ROUTER),
        health_check_period_s=2,
        graceful_shutdown_timeout_s=config.drain_s,
        ray_actor_options={"num_cpus": replicas.cpus, "num_gpus": replicas.gpus},
    )
    return replica.bind(config, loader)


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Ray there, or one of this machine alone ("local"): no telemetry, no dashboard, loopback only."""
    os.environ.update(SETTINGS)
    if address == "local":
        cores = os.cpu_count() or 1
        with local_ray(Share(concurrent=cores, threads=1)):
            yield
        return
    import ray

    ray.init(address)
    try:
        yield
    finally:
        ray.shutdown()


def stand(config: EngineConfig, replicas: Replicas, address: str, loader: Callable[..., Recognizer]) -> None:
    """Serves on the config's host and port until the process is told to end."""
    with cluster(address):
        from ray import serve

        ended = threading.Event()
        for one in (signal.SIGTERM, signal.SIGINT):  # after Ray, which has handlers of its own
            signal.signal(one, lambda *_: ended.set())
        serve.start(http_options={"host": config.host, "port": config.port})
        serve.run(application(config, replicas, loader), name=NAME, route_prefix="/")
        ended.wait()
        serve.shutdown()


def main() -> None:
    config = EngineConfig.from_environment()
    parser = argparse.ArgumentParser(prog="python -m inference.engine.serve", description=__doc__)
    parser.add_argument("--address", default="local", help="of a Ray cluster's head; local: start one here")
    parser.add_argument("--host", default=config.host)
    parser.add_argument("--port", type=int, default=config.port)
    parser.add_argument("--replicas", type=int, default=1, help="at least so many")
    parser.add_argument("--most", type=int, default=0, help="at most so many; 0: as many as at least")
    parser.add_argument("--cpus", type=float, default=1.0, help="of each replica")
    parser.add_argument("--gpus", type=float, default=0.0, help="of each replica; 0.5: two share one")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    replicas = Replicas(
        least=arguments.replicas,
        most=max(arguments.replicas, arguments.most),
        cpus=arguments.cpus,
        gpus=arguments.gpus,
    )
    here = replace(config, host=arguments.host, port=arguments.port)
    stand(here, replicas, arguments.address, load)


if __name__ == "__main__":
    main()
