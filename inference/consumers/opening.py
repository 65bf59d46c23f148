"""Opens a dictation or goes on with one, and knows which of them run in this process."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from channels.db import database_sync_to_async

from accounts.models import Site, User
from base import metrics
from inference.consumers.beginning import database_away, session_over
from inference.consumers.dictation import Dictation
from inference.consumers.ledger import DATABASE_AWAY
from inference.models import ApiKey, LiveSession
from inference.services import sessions
from inference.streaming.session import SessionOptions

_running: dict[UUID, Dictation] = {}


async def dictation_open(
    user: User,
    site: Site,
    *,
    options: SessionOptions | None = None,
    language: str = "zh",
    keywords: Sequence[str] = (),
    protocol: str = "native",
    api_key: ApiKey | None = None,
) -> Dictation:
    """Raises DomainError."""
    try:
        await database_sync_to_async(sessions.sessions_tidy)()
        session = await database_sync_to_async(sessions.session_open)(
            user=user,
            site=site,
            holder=uuid4(),
            protocol=protocol,
            language=language,
            keywords=keywords,
            options=asdict(options) if options else {},
        )
        return await _begun(session, api_key)
    except DATABASE_AWAY as error:
        raise database_away() from error


async def dictation_resume(
    user: User, site: Site, session_uuid: UUID, api_key: ApiKey | None = None
) -> Dictation:
    """In whatever process it ran. `site`: where the caller was let in.

    Raises NotFound (code session_over) when there is nothing to go on with, Unavailable when not now.
    """
    running = _running.get(session_uuid)
    if running is not None and running.is_over:
        raise session_over()
    try:
        session = await database_sync_to_async(sessions.session_take_over)(
            user=user, site=site, session_uuid=session_uuid, holder=uuid4()
        )
        if running is None:
            resumed = await _begun(session, api_key)
            metrics.RECONNECTS.inc()
            return resumed
    except DATABASE_AWAY as error:
        raise database_away() from error
    if running.is_over:  # the minute was up while the row was asked for
        raise session_over()
    metrics.RECONNECTS.inc()
    running.session, running.api_key = session, api_key
    return running


async def _begun(session: LiveSession, api_key: ApiKey | None) -> Dictation:
    dictation = Dictation(session, api_key, _forget)
    await dictation.begin()
    _running[session.uuid] = dictation
    return dictation


def _forget(dictation: Dictation) -> None:
    """The same session may run here again already: it came back while this one was letting go."""
    if _running.get(dictation.session.uuid) is dictation:
        del _running[dictation.session.uuid]
