"""What a dictation has understood, on its way into the database. Waits there for a database that is away.

The sound is on the disk whatever happens here; what this process takes with it when it dies is heard again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, InternalError, OperationalError

from inference.models import LiveSession
from inference.services.utterances import Entry, utterances_keep

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)  # the last: it can only be read now
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0

Answer = TypeVar("Answer")


class Ledger:
    """`on_uncertain` is called after texts were kept of which an expert should see one."""

    def __init__(self, session: LiveSession, on_uncertain: Callable[[], None]) -> None:
        self._session = session
        self._on_uncertain = on_uncertain
        self._waiting: dict[int, Entry] = {}
        self._writing: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def add(self, entry: Entry) -> None:
        """The newest of an utterance counts."""
        self._waiting[entry.index] = entry
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def flush(self, timeout_s: float | None = None) -> bool:
        """-> is everything in the database?"""
        if self._writing and not self._writing.done():
            await asyncio.wait({self._writing}, timeout=timeout_s)
        return not self._waiting

    def close(self) -> None:
        if self._writing:
            self._writing.cancel()

    async def _write(self) -> None:
        while self._waiting:
            entries = list(self._waiting.values())
            try:
                uncertain = await persevere(partial(self._keep, entries))
            except Exception:  # nobody above would hear of it; the sound is there and is heard again later
                logger.exception("texts of live session %s cannot be kept", self._session.uuid)
                uncertain = False
            for entry in entries:
                if self._waiting.get(entry.index) is entry:
                    del self._waiting[entry.index]
            if uncertain:
                self._on_uncertain()

    @database_sync_to_async
    def _keep(self, entries: list[Entry]) -> bool:
        return utterances_keep(session=self._session, entries=entries)


async def persevere(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Asks a database that may be away, until it answers."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await ask()
        except DATABASE_AWAY as error:
            logger.warning("the database does not answer (%s); again in %.2f s", error, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
