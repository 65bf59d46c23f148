"""Jobs of inference: one key in, one call. What needs torch is imported when it runs, not before."""

from celery import shared_task

from annotation.models import Recording
from base.jobs import Job
from inference.models import LiveSession
from inference.services.sessions import session_store
from training.models import Promotion


@shared_task(name=Job.RECORDING_DRAFT.value)
def recording_draft(pk: int) -> None:
    from inference.services import drafts

    drafts.recording_draft(recording=Recording.objects.select_related("site").get(pk=pk))


@shared_task(name=Job.PROMOTION_REDRAFT.value)
def promotion_redraft(pk: int) -> None:
    from inference.services import drafts

    drafts.promotion_redraft(promotion=Promotion.objects.select_related("site", "model").get(pk=pk))


@shared_task(name=Job.SESSION_STORE.value)
def store_session(pk: int) -> None:
    session_store(session=LiveSession.objects.select_related("site", "user", "recording").get(pk=pk))
