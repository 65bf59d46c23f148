"""Jobs of inference: one key in, one call. What needs torch is imported when it runs, not before."""

from celery import shared_task

from accounts.models import Site
from annotation.models import Recording, Segment
from base.jobs import Job
from inference.models import LiveSession
from inference.services.sessions import session_store
from training.models import Promotion


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


@shared_task(name=Job.SESSION_STORE.value)
def store_session(pk: int) -> None:
    session_store(session=LiveSession.objects.select_related("site", "user", "recording").get(pk=pk))
