"""When an uncertain utterance of a running session is sent to the queue: at once, but not all the time.

Each time the whole sound so far is written anew, so the pauses grow with it: one part in sixty, a minute for
a consultation of an hour.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from channels.db import database_sync_to_async

from accounts.models import LiveConsent
from inference.consumers.ledger import DATABASE_AWAY
from inference.models import LiveSession
from inference.services import sessions

logger = logging.getLogger(__name__)

LEAST_PAUSE_S = 3.0
PART_OF_SESSION = 60


class Growth:
    def __init__(self, session: LiveSession, saved_ms: Callable[[], int]) -> None:
        self._session = session
        self._saved_ms = saved_ms
        self._asked_s = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def want(self) -> None:
        """One request stands for all that come until it is made."""
        allowed = self._session.consent == LiveConsent.QUEUE
        if allowed and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask())

    def close(self) -> None:
        """What is still waiting comes with the end of the session, or with whoever takes it over."""
        if self._asking:
            self._asking.cancel()

    async def _ask(self) -> None:
        pause_s = max(LEAST_PAUSE_S, self._saved_ms() / 1000 / PART_OF_SESSION)
        await asyncio.sleep(max(0.0, self._asked_s + pause_s - time.monotonic()))
        self._asked_s = time.monotonic()
        try:
            await database_sync_to_async(sessions.session_ask_growth)(session=self._session)
        except (*DATABASE_AWAY, OSError):
            logger.warning("an uncertain utterance waits for the end of its session", exc_info=True)
