"""Jobs of training: one key, one call."""

import logging

from celery import shared_task
from celery.signals import worker_ready

from base.jobs import Job
from training.models import Run, Search
from training.services.execution import run_execute
from training.services.runs import runs_mark_interrupted
from training.services.search_execution import search_execute
from training.services.searches import searches_mark_interrupted

logger = logging.getLogger(__name__)


@shared_task(name=Job.RUN_EXECUTE.value)
def execute(pk: int) -> None:
    run_execute(run=Run.objects.select_related("snapshot", "base_model", "created_by").get(pk=pk))


@shared_task(name=Job.SEARCH_EXECUTE.value)
def execute_search(pk: int) -> None:
    search_execute(search=Search.objects.select_related("snapshot", "base_model", "created_by").get(pk=pk))


@worker_ready.connect
def tell_what_was_lost(**_: object) -> None:
    """A worker that was killed could not write it down itself."""
    if lost := runs_mark_interrupted():
        logger.warning("%d training runs had lost their worker; they can be resumed", lost)
    if lost := searches_mark_interrupted():
        logger.warning("%d searches had lost their worker; they can be resumed", lost)
