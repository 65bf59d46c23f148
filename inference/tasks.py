"""Jobs of inference: one key in, one call. What needs torch is imported when it runs, not before."""

import logging

from celery import shared_task
from celery.signals import worker_ready

from accounts.models import Site
from annotation.models import Recording, Segment
from base.jobs import Job, jobs_are_lost
from inference.models import LiveSession
from inference.services.growing import session_grow, session_store, sessions_resume
from inference.services.sessions import sessions_tidy
from training.models import Promotion

logger = logging.getLogger(__name__)


@shared_task(name=Job.RECORDING_DRAFT.value)
def recording_draft(pk: int) -> None:
    from inference.services import drafts

    drafts.recording_draft(recording=Recording.objects.select_related("site").get(pk=pk))


@shared_task(name=Job.SEGMENT_DRAFT.value)
def segment_draft(pk: int) -> None:
    from inference.services import drafts

    drafts.segment_draft(segment=Segment.objects.select_related("recording__site").get(pk=pk))


@shared_task(name=Job.PROMOTION_REDRAFT.value)
def promotion_redraft(pk: int) -> None:
    from inference.services import drafts

    drafts.promotion_redraft(promotion=Promotion.objects.select_related("site", "model").get(pk=pk))


@shared_task(name=Job.LABELS_RECHECK.value)
def labels_recheck(pk: int) -> None:
    from inference.services import rechecks

    rechecks.labels_recheck(site=Site.objects.get(pk=pk))


@shared_task(name=Job.SESSION_GROW.value)
def grow_session(pk: int) -> None:
    session_grow(session=_session(pk))


@shared_task(name=Job.SESSION_STORE.value)
def store_session(pk: int) -> None:
    session_store(session=_session(pk))


@shared_task(name=Job.SESSIONS_TIDY.value)
def tidy_sessions() -> None:
    sessions_tidy()


@worker_ready.connect
def go_on(**_: object) -> None:
    if jobs_are_lost() and (count := sessions_resume()):
        logger.warning("%d live sessions had lost their worker and are stored now", count)


def _session(pk: int) -> LiveSession:
    return LiveSession.objects.select_related("site", "user", "model", "recording").get(pk=pk)
