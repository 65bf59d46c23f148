"""A live session's life: opened, taken over after a broken connection, ended once, deleted when that is due.

What becomes of its sound and texts stands in `inference.services.growing`.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import require_role
from audit.services import entry_add
from base.errors import NotFound
from base.jobs import Job, enqueue_on_commit
from inference.models import LiveSession, LiveSessionStatus
from inference.selectors.sessions import DICTATING_ROLES
from inference.services.spool import spool_is_held, spool_remove, spool_size_ms
from training.selectors import model_for_session

logger = logging.getLogger(__name__)

FOLDER = "live"
STALE_AFTER = timedelta(minutes=5)  # a page that is open says so several times a minute


def session_open(
    *,
    user: User,
    site: Site,
    holder: UUID,
    protocol: str = "native",
    language: str = "zh",
    keywords: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
) -> LiveSession:
    """The model that is live now and the site's consent as it is now stay with the session to its end."""
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
            protocol=protocol,
            language=language,
            keywords=list(keywords),
            options=dict(options or {}),
            consent=site.live_consent,
        )
        entry_add(actor=user, verb="live_session_opened", target=session, site=site, protocol=protocol)
    return session


def session_take_over(*, user: User, site: Site, session_uuid: UUID, holder: UUID) -> LiveSession:
    """The same person comes back after a broken connection. NotFound: it is over, or not theirs there."""
    mine = LiveSession.objects.filter(
        uuid=session_uuid, user=user, site=site, status=LiveSessionStatus.ACTIVE
    )
    if not mine.update(holder=holder, updated_at=timezone.now()):
        raise NotFound("session_over", _("This session has ended; what was said in it is kept."))
    session = LiveSession.objects.select_related("site", "model__parent").get(uuid=session_uuid)
    require_role(user, *DICTATING_ROLES, site=site)
    return session


def session_touch(*, session: LiveSession, holder: UUID, received_ms: int, settled_ms: int = 0) -> bool:
    """Still alive. `settled_ms`: what was said before that is in the utterances.

    False: another connection took over, or the session has ended.
    """
    mine = LiveSession.objects.filter(pk=session.pk, holder=holder, status=LiveSessionStatus.ACTIVE)
    return mine.update(received_ms=received_ms, settled_ms=settled_ms, updated_at=timezone.now()) == 1


def session_end(
    *, session: LiveSession, holder: UUID | None = None, untouched_since: datetime | None = None
) -> bool:
    """ACTIVE -> ENDED (or EMPTY), once; asks for the storing. With `holder`: only while it still holds; with
    `untouched_since`: only when nobody has come for it meanwhile."""
    received_ms = spool_size_ms(session.spool_path)
    status = LiveSessionStatus.ENDED if received_ms else LiveSessionStatus.EMPTY
    with transaction.atomic():
        active = LiveSession.objects.filter(pk=session.pk, status=LiveSessionStatus.ACTIVE)
        if holder is not None:
            active = active.filter(holder=holder)
        if untouched_since is not None:
            active = active.filter(updated_at__lt=untouched_since)
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


def session_ask_growth(*, session: LiveSession) -> None:
    """Something in it is to be looked at now; the caller sees to it that this is not asked too often."""
    enqueue_on_commit(Job.SESSION_GROW, session.pk)


def sessions_tidy() -> int:
    """At every opening and every hour. Ends sessions whose process died -> how many; deletes
    what was kept for its speaker alone as long as AUSCULT_LIVE_KEEP_DAYS."""
    limit = timezone.now() - STALE_AFTER
    # Without what is encrypted: one row under a lost key must not keep everybody from a new session.
    known = LiveSession.objects.select_related("user", "site").defer("keywords")
    stale = known.filter(status=LiveSessionStatus.ACTIVE, updated_at__lt=limit)
    # A process that is alive and cannot reach the database holds the sound: its session is not over.
    ended = sum(
        session_end(session=session, untouched_since=limit)
        for session in stale
        if not spool_is_held(session.spool_path)
    )
    if ended:
        logger.warning("ended %d live sessions that nobody held any more", ended)
    for session in known.filter(status=LiveSessionStatus.PRIVATE, ended_at__lt=_kept_since()):
        _expire(session)
    return ended


def _kept_since() -> datetime:
    return timezone.now() - timedelta(days=settings.AUSCULT_LIVE_KEEP_DAYS)


def _expire(session: LiveSession) -> None:
    """The sound's key goes with its file; the row stays to say that there was a session."""
    spool_remove(session.spool_path)
    due = LiveSession.objects.filter(pk=session.pk, status=LiveSessionStatus.PRIVATE)
    with transaction.atomic():
        if not due.update(status=LiveSessionStatus.EXPIRED, keywords=[]):
            return  # somebody else, who opened one at the same moment, has done it
        session.utterances.all().delete()
        entry_add(actor=None, verb="live_session_expired", target=session, site=session.site)
