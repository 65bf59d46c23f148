"""How many jobs wait for a worker and since when, read from the broker itself: Redis, or the folder.

Reserved jobs are not in the queue any more. A message's age is its file's, or the time stamped on it.
"""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

QUEUES = ("cpu", "gpu")
STAMP = "queued_at_s"  # header of every job, set where it is sent


@dataclass(frozen=True, slots=True)
class Waiting:
    jobs: int = 0
    oldest_s: float = 0.0  # the age of the oldest; 0 when none waits


def waiting_in_folder(folder: Path, queue: str, now_s: float) -> Waiting:
    sent_s = []
    for path in folder.glob(f"*.{queue}.msg"):
        try:
            sent_s.append(path.stat().st_mtime)
        except FileNotFoundError:  # a worker took it this moment
            continue
    return Waiting(len(sent_s), max(0.0, now_s - min(sent_s))) if sent_s else Waiting()


def waiting_in_redis(redis: "Redis", queue: str, now_s: float) -> Waiting:
    """Raises RedisError. Jobs go in at the left and out at the right."""
    jobs = int(redis.llen(queue))  # type: ignore[arg-type]
    oldest = redis.lindex(queue, -1)
    if not oldest:
        return Waiting(jobs)
    sent_s = json.loads(oldest).get("headers", {}).get(STAMP, now_s)  # type: ignore[arg-type]
    return Waiting(jobs, max(0.0, now_s - sent_s))


class Queues(Collector):
    def collect(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("auscult_worker_queue_jobs", "Jobs that wait", labels=["queue"])
        age = GaugeMetricFamily(
            "auscult_worker_queue_age_seconds", "How long the oldest job waits", labels=["queue"]
        )
        try:
            for queue, waiting in self._waiting().items():
                depth.add_metric([queue], waiting.jobs)
                age.add_metric([queue], waiting.oldest_s)
        except (RedisError, OSError):  # no figure is better than a wrong one, and the rest must be told
            logger.warning("the broker does not tell what waits", exc_info=True)
        yield depth
        yield age

    def _waiting(self) -> dict[str, Waiting]:
        now_s = time.time()
        if not settings.REDIS_URL:
            folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
            return {queue: waiting_in_folder(folder, queue, now_s) for queue in QUEUES}
        with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as redis:
            return {queue: waiting_in_redis(redis, queue, now_s) for queue in QUEUES}
