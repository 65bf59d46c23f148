"""A clinician puts their own words right on the live page, while the session runs or afterwards."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import LiveConsent, User
from annotation.services.labels import submitted_text
from audit.services import entry_add
from base.errors import Conflict, NotFound
from base.jobs import Job, enqueue_on_commit
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance
from inference.selectors.sessions import sessions_for_user
from inference.services.growing import correction_hand_over

MOST_VERSIONS = 50  # of one utterance; the oldest go first


def utterance_correct(*, user: User, session: LiveSession | UUID, index: int, text: str) -> LiveUtterance:
    """The text as its speaker wants it; what was heard stays beside it. Every version is kept.

    Where the site lets its sessions into the queue the correction goes there: a label where the person may
    correct, else a suggestion to an expert. Raises NotFound, DomainError `empty_text`, `text_too_long`.
    """
    uuid = session if isinstance(session, UUID) else session.uuid
    submitted_text(text)  # refuses what no label may be; the note itself keeps its speaker's own marks
    wanted = " ".join(text.split())
    own = sessions_for_user(user).exclude(status=LiveSessionStatus.EXPIRED)
    with transaction.atomic():
        rows = LiveUtterance.objects.select_related("session__site", "session__user").filter(session__in=own)
        row = rows.select_for_update(of=("self",)).filter(session__uuid=uuid, index=index).first()
        if row is None:
            raise NotFound("utterance_unknown", _("There is no such sentence of yours."))
        if row.heard_at is None:
            raise Conflict("utterance_unheard", _("This sentence has no text yet. Try again in a moment."))
        if wanted == row.corrected_text:
            return row
        version = {"text": wanted, "at": timezone.now().isoformat(timespec="seconds")}
        row.corrected_text, row.is_corrected = wanted, True
        row.corrections = [*row.corrections, version][-MOST_VERSIONS:]
        row.save(update_fields=["corrected_text", "is_corrected", "corrections"])
        # The text itself is not written into the audit: it is a patient's.
        entry_add(
            actor=user,
            verb="live_utterance_corrected",
            target=row.session,
            site=row.session.site,
            utterance=str(row.uuid),
            version=len(row.corrections),
        )
        if row.session.consent == LiveConsent.QUEUE:
            _send_on(row)
    return row


def _send_on(row: LiveUtterance) -> None:
    """Into the segment that it has become; else it goes there with the segment itself."""
    if not correction_hand_over(row) and row.session.status == LiveSessionStatus.ACTIVE:
        enqueue_on_commit(Job.SESSION_GROW, row.session_id)
