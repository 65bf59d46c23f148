"""The web process's `/metrics`, and the middleware that counts and times every answer by its route.

A route is the pattern of an address, never the address: patterns are few, addresses name rows.
"""

import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from base import metrics
from base.metrics_access import MetricsAccess
from base.metrics_processes import of_all_processes

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class DataFolder(Collector):
    """How much room the disk has that recordings and live sound are written to."""

    def collect(self) -> Iterator[Metric]:
        folder = settings.DATA_DIR
        usage = shutil.disk_usage(folder if folder.exists() else folder.parent)
        yield GaugeMetricFamily("auscult_web_data_free_bytes", "Free on the data disk", usage.free)
        yield GaugeMetricFamily("auscult_web_data_size_bytes", "Size of the data disk", usage.total)


PLACE = CollectorRegistry()
PLACE.register(DataFolder())


@require_GET
@login_not_required
def exposition(request: HttpRequest) -> HttpResponse:
    access = MetricsAccess.of(settings.AUSCULT_METRICS_ALLOW, settings.AUSCULT_METRICS_TOKEN)
    if not access.allows(request.META.get("REMOTE_ADDR", ""), request.headers):
        return HttpResponseForbidden("Not from here: see AUSCULT_METRICS_ALLOW and AUSCULT_METRICS_TOKEN.\n")
    body = generate_latest(of_all_processes() or REGISTRY) + generate_latest(PLACE)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


@sync_and_async_middleware
def count_requests(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """First in the list: what every other middleware answers is an answer too."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponse:
            began_s = time.monotonic()
            waiting: Awaitable[HttpResponse] = get_response(request)
            return _counted(request, await waiting, time.monotonic() - began_s)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponse:
        began_s = time.monotonic()
        return _counted(request, get_response(request), time.monotonic() - began_s)

    return answer


def _counted(request: HttpRequest, response: HttpResponse, took_s: float) -> HttpResponse:
    match = request.resolver_match
    route = "none" if match is None else f"/{match.route}"
    method = request.method if request.method in METHODS else "other"
    metrics.HTTP_REQUESTS.labels(method, route, str(response.status_code)).inc()
    metrics.HTTP_SECONDS.labels(route).observe(took_s)
    return response
