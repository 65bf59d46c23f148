"""A live session's life: opened, taken over after a broken connection, ended once, stored as a recording."""

import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import require_role
from annotation.models import Recording, RecordingSource
from annotation.services.recordings import recording_ingest
from audit.services import entry_add
from base.errors import Conflict, NotFound
from base.jobs import Job, enqueue_on_commit
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance
from inference.selectors.sessions import DICTATING_ROLES
from inference.services.spool import spool_remove, spool_size_ms, spool_to_wav
from training.selectors import model_for_session

logger = logging.getLogger(__name__)

FOLDER = "live"
STALE_AFTER = timedelta(minutes=5)  # a page that is open says so several times a minute


def session_open(*, user: User, site: Site, holder: UUID) -> LiveSession:
    """The model that is live now stays with the session to its end."""
    require_role(user, *DICTATING_ROLES, site=site)
    uuid = uuid4()
    with transaction.atomic():
        session = LiveSession.objects.create(
            uuid=uuid,
            user=user,
            site=site,
            model=model_for_session(site, uuid),
            spool_path=f"{FOLDER}/{uuid}.pcm",
            holder=holder,
        )
        entry_add(actor=user, verb="live_session_opened", target=session, site=site)
    return session


def session_take_over(*, user: User, session_uuid: UUID, holder: UUID) -> LiveSession:
    """The same person comes back after a broken connection. NotFound: it is over, or not theirs."""
    mine = LiveSession.objects.filter(uuid=session_uuid, user=user, status=LiveSessionStatus.ACTIVE)
    if not mine.update(holder=holder, updated_at=timezone.now()):
        raise NotFound("session_over", _("This session has ended; what was said in it is kept."))
    session = LiveSession.objects.select_related("site", "model").get(uuid=session_uuid)
    require_role(user, *DICTATING_ROLES, site=session.site)
    return session


def session_touch(*, session: LiveSession, holder: UUID, received_ms: int) -> bool:
    """Still alive. False: another connection took over, or the session has ended."""
    mine = LiveSession.objects.filter(pk=session.pk, holder=holder, status=LiveSessionStatus.ACTIVE)
    return mine.update(received_ms=received_ms, updated_at=timezone.now()) == 1


def utterance_add(
    *,
    session: LiveSession,
    index: int,
    text: str,
    words: list[dict],
    span_ms: tuple[int, int],
    latency_ms: int,
) -> LiveUtterance:
    """Safe to repeat: a session that was taken over may understand its last utterance again."""
    utterance, _created = LiveUtterance.objects.update_or_create(
        session=session,
        index=index,
        defaults={
            "start_ms": span_ms[0],
            "end_ms": span_ms[1],
            "text": text,
            "words": words,
            "final_latency_ms": latency_ms,
        },
    )
    return utterance


def session_end(*, session: LiveSession, holder: UUID | None = None) -> bool:
    """ACTIVE -> ENDED (or EMPTY), once; asks for the storing. With `holder`: only while it still holds."""
    received_ms = spool_size_ms(session.spool_path)
    status = LiveSessionStatus.ENDED if received_ms else LiveSessionStatus.EMPTY
    with transaction.atomic():
        active = LiveSession.objects.filter(pk=session.pk, status=LiveSessionStatus.ACTIVE)
        if holder is not None:
            active = active.filter(holder=holder)
        if not active.update(status=status, received_ms=received_ms, ended_at=timezone.now(), holder=None):
            return False
        if received_ms:
            enqueue_on_commit(Job.SESSION_STORE, session.pk)
        entry_add(
            actor=session.user,
            verb="live_session_ended",
            target=session,
            site=session.site,
            received_ms=received_ms,
        )
    if not received_ms:
        spool_remove(session.spool_path)
    return True


def session_store(*, session: LiveSession) -> Recording | None:
    """ENDED -> STORED: the spooled sound becomes a recording to correct. Safe to run twice."""
    if session.status != LiveSessionStatus.ENDED:
        return session.recording
    name = f"{timezone.localtime(session.created_at):%Y-%m-%d %H.%M.%S} {session.user}.wav"
    with tempfile.TemporaryDirectory(prefix="auscult-") as folder:
        wav = Path(folder) / "live.wav"
        spool_to_wav(session.spool_path, wav)
        recording = _ingest(session, wav, name)
    LiveSession.objects.filter(pk=session.pk, status=LiveSessionStatus.ENDED).update(
        status=LiveSessionStatus.STORED, recording=recording
    )
    spool_remove(session.spool_path)
    return recording


def sessions_end_stale() -> int:
    """Ends sessions whose process died; called whenever somebody opens a new one. -> how many."""
    limit = timezone.now() - STALE_AFTER
    stale = LiveSession.objects.filter(status=LiveSessionStatus.ACTIVE, updated_at__lt=limit)
    ended = sum(session_end(session=session) for session in stale.select_related("user", "site"))
    if ended:
        logger.warning("ended %d live sessions that nobody held any more", ended)
    return ended


def _ingest(session: LiveSession, wav: Path, name: str) -> Recording:
    try:
        return recording_ingest(
            site=session.site,
            path=wav,
            filename=name,
            user=session.user,
            source=RecordingSource.LIVE,
            speaker=session.user.get_username(),
        )
    except Conflict as conflict:  # the same sound twice: a demo dictation, or a run that was cut short here
        return Recording.objects.get(uuid=str(conflict.detail["first"]))
