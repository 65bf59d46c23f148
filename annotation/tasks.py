"""Jobs of annotation: one key, one call. A failure ends in the recording's row, its detail in the log."""

import logging
from collections.abc import Callable

from celery import shared_task
from celery.signals import worker_ready
from django.utils.translation import gettext as _

from accounts.models import Site
from annotation.models import Recording
from annotation.services.calibrations import calibration_refit
from annotation.services.recordings import recordings_resume
from annotation.services.sound import (
    recording_fail,
    recording_listen,
    recording_normalise,
    recording_segment,
)
from base.jobs import Job, jobs_are_lost

logger = logging.getLogger(__name__)


@shared_task(name=Job.RECORDING_NORMALISE.value)
def normalise(pk: int) -> None:
    _run(recording_normalise, pk)


@shared_task(name=Job.RECORDING_SEGMENT.value)
def segment(pk: int) -> None:
    _run(recording_segment, pk)


@shared_task(name=Job.RECORDING_LISTEN.value)
def listen(pk: int) -> None:
    recording_listen(recording=Recording.objects.get(pk=pk))


@shared_task(name=Job.CALIBRATION_REFIT.value)
def refit(pk: int) -> None:
    calibration_refit(site=Site.objects.get(pk=pk))


@worker_ready.connect
def go_on(**_: object) -> None:
    if jobs_are_lost() and (count := recordings_resume()):
        logger.warning("%d recordings had lost their worker and go on", count)


def _run(step: Callable[..., None], pk: int) -> None:
    recording = Recording.objects.select_related("site").get(pk=pk)
    try:
        step(recording=recording)
    except Exception:  # the edge of the process: nobody above would tell the person
        logger.exception("%s of recording %s failed", step.__name__, recording.uuid)
        message = _("Something went wrong with this recording; the log of the worker says what.")
        recording_fail(recording=recording, message=message)
