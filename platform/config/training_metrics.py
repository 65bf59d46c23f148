"""Training runs and searches by status, read from their rows when somebody asks for the figures."""

import logging
from collections.abc import Iterator

from django.db import DatabaseError, connection
from django.db.models import Count, Max, Min
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from training.models import Run, RunStatus, Search

logger = logging.getLogger(__name__)


class TrainingRuns(Collector):
    def collect(self) -> Iterator[Metric]:
        runs = GaugeMetricFamily("auscult_worker_training_runs", "Training runs", labels=["status"])
        searches = GaugeMetricFamily("auscult_worker_searches", "Searches for good knobs", labels=["status"])
        silent = GaugeMetricFamily(
            "auscult_worker_training_silent_seconds", "Since a training run at work last said something"
        )
        done = GaugeMetricFamily(
            "auscult_worker_training_done_timestamp_seconds", "When a training run was last done"
        )
        try:
            for family, model in ((runs, Run), (searches, Search)):
                found = dict(model.objects.order_by().values_list("status").annotate(count=Count("pk")))
                for status in RunStatus.values:
                    family.add_metric([status], found.get(status, 0))
            oldest = Run.objects.filter(status=RunStatus.RUNNING).aggregate(at=Min("heartbeat_at"))["at"]
            silent.add_metric([], (timezone.now() - oldest).total_seconds() if oldest else 0)
            newest = Run.objects.filter(status=RunStatus.DONE).aggregate(at=Max("finished_at"))["at"]
            done.add_metric([], newest.timestamp() if newest else 0)
        except DatabaseError:
            logger.warning("the database does not tell how training goes", exc_info=True)
        finally:
            if not connection.in_atomic_block:
                connection.close()  # this thread ends with the answer
        yield from (runs, searches, silent, done)
