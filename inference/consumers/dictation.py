"""Ties a session's row, its running ears and the socket it talks to; keeps it a minute without one.

Serves every protocol: what happens is told as notices, which each consumer puts into its own words. Another
web process may take a session over at any time: this one then lets go of it at once. A database that is away
ends nothing: sound is saved and acknowledged, texts wait (`ledger`).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from inference.consumers import live_run
from inference.consumers.asking import Deaf
from inference.consumers.beginning import begin
from inference.consumers.growth import Growth
from inference.consumers.hearing import EngineClient
from inference.consumers.ledger import DATABASE_AWAY, Ledger, persevere
from inference.consumers.live_run import LiveRun, Saved, Understood
from inference.consumers.notices import (
    FinalText,
    Notice,
    ShutOut,
    Stopped,
    TakenOver,
    final_of,
    stored_final_of,
)
from inference.consumers.watch import Watch
from inference.models import ApiKey, LiveSession, utterance_uuid
from inference.selectors.callers import no_longer_let_in
from inference.selectors.sessions import heard_from
from inference.services import sessions
from inference.services.spool import Spool
from inference.services.utterances import Entry
from inference.streaming.events import SpeechEnded, Untranscribed
from training.selectors import served_as

logger = logging.getLogger(__name__)

GRACE_S = 60.0  # a connection that breaks may come back within this time
TOUCH_S = 5.0
LOOK_S = 0.2  # how often a process looks whether another one wants its session
HAND_OVER_S = 1.0  # for the last texts, before the sound is let go of
SETTLE_S = 5.0  # how long the end waits for the database; after that it comes later by itself

Send = Callable[[Notice], Awaitable[None]]


class Dictation:
    """`gone` is told when this process has no more to do with the session."""

    def __init__(
        self, session: LiveSession, api_key: ApiKey | None, gone: Callable[["Dictation"], None]
    ) -> None:
        self.session = session
        self.api_key = api_key
        self._gone = gone
        self.run: LiveRun | None = None
        self._send: Send | None = None
        self._grace: asyncio.Task[None] | None = None
        self._look: asyncio.Task[None] | None = None
        self._touched_s = time.monotonic()
        self._touching: asyncio.Task[None] | None = None
        self._is_over = False
        self._unheard: Sequence[tuple[int, int, int]] = ()
        self._given_up: list[tuple[int, int, int]] = []
        self._heard_again: set[int] = set()
        self._again: asyncio.Task[None] | None = None
        self._at_ms = self._settled_ms = 0
        self._watch = Watch(session.uuid, session.protocol)
        self._growth = Growth(session, lambda: self.saved_ms)
        self._ledger = Ledger(session, self._growth.want)
        model, adapter = served_as(session.model)
        self._engine = EngineClient(
            str(session.uuid),
            model,
            adapter,
            language=session.language,
            prompt_terms=tuple(session.keywords),
        )

    async def begin(self) -> None:
        """Raises Unavailable (code session_held) while another process does not let go."""
        beginning = await begin(self.session)
        self._at_ms = self._settled_ms = beginning.at_ms
        self._unheard = beginning.unheard
        self.run = LiveRun(beginning.spool, beginning.streaming, self._engine, self._tell, self._watch)
        self._watch.opened()
        self._look = asyncio.create_task(self._look_for_others(beginning.spool))

    # --- the socket ---

    async def attach(self, send: Send, have_utterances: int = 0) -> None:
        """From now on `send` gets the notices; a socket that was attached before is told so.

        `have_utterances`: the texts of how many utterances the other side has already.
        """
        if self._grace:
            self._grace.cancel()
            self._grace = None
        if self._send and self._send != send:
            await self._say(TakenOver())
        self._send = send
        for final in await self._past(have_utterances):
            await self._say(final)
        if self.run and not self.run.is_started:
            await self.run.start(self._at_ms, self._unheard)
            self._growth.want()  # of what the process before has not asked for any more

    def detach(self, send: Send) -> None:
        """Also of a socket that broke before it was attached."""
        if self._send in (send, None) and self._grace is None and not self._is_over:
            self._send = None
            self._grace = asyncio.create_task(self._end_without_socket())

    def is_attached(self, send: Send) -> bool:
        return self._send == send

    async def stop(self) -> Stopped:
        """Another process that wants the session meanwhile gets it: the last texts may take a minute."""
        self._is_over = True
        if not await self._finished():
            await self._hand_over()
            return Stopped(self.session.uuid, self.saved_ms)
        self._watch.closed()
        await self._engine.close()
        self._growth.close()
        settling = asyncio.create_task(self._settle())
        await asyncio.wait({settling}, timeout=SETTLE_S)
        return Stopped(self.session.uuid, self.saved_ms)

    @property
    def saved_ms(self) -> int:
        return self.run.saved_ms if self.run else 0

    def utterance_id(self, utterance: int) -> UUID:
        return utterance_uuid(self.session.uuid, utterance)

    @property
    def is_over(self) -> bool:
        return self._is_over

    @property
    def is_full(self) -> bool:
        return self.saved_ms >= settings.AUSCULT_MAX_RECORDING_S * 1000 - 10_000

    def touch_soon(self) -> None:
        """Whoever takes sound does not wait for the database."""
        if self._touching is None or self._touching.done():
            self._touching = asyncio.create_task(self.touch())

    async def touch(self) -> None:
        """Says to the database that somebody is here, who still may be; lets go when another connection took
        over."""
        self._touched_s = time.monotonic()
        try:
            mine = await database_sync_to_async(sessions.session_touch)(
                session=self.session,
                holder=self.session.holder,
                received_ms=self.saved_ms,
                settled_ms=self._settled_ms,
            )
            refusal = await database_sync_to_async(no_longer_let_in)(
                self.session.user, self.session.site, self.api_key
            )
        except DATABASE_AWAY as error:  # the lock on the sound says whose it is
            logger.warning("live session %s goes on without the database: %s", self.session.uuid, error)
            return
        if not mine:
            self._let_go()
        elif refusal:
            await self._say(ShutOut(refusal))

    # --- inside ---

    async def _tell(self, notice: live_run.Notice) -> None:
        match notice:
            case Understood(final, latency_ms):
                await self._say(final_of(self.session.uuid, final, latency_ms))
                self._ledger.add(Entry(final.utterance, final.start_ms, final.end_ms, final, latency_ms))
            case SpeechEnded(utterance, start_ms, end_ms):
                await self._say(notice)
                self._ledger.add(Entry(utterance, start_ms, end_ms))
            case Untranscribed(utterance, start_ms, end_ms):
                if utterance not in self._heard_again:  # one that cannot be decoded would come for ever
                    self._heard_again.add(utterance)
                    self._given_up.append((utterance, start_ms, end_ms))
                await self._say(notice)
            case Deaf(False):
                await self._say(notice)
                self._hear_what_was_given_up()
            case Saved() if time.monotonic() - self._touched_s > TOUCH_S:
                await self._say(notice)
                if (
                    self.run and self._ledger.is_empty
                ):  # a place that is not in a row yet would be passed over
                    self._settled_ms = self.run.settled_ms
                self.touch_soon()
            case _:
                await self._say(notice)

    def _hear_what_was_given_up(self) -> None:
        """The engine is back; the texts come late, but while their speaker is still there."""
        unheard, self._given_up = self._given_up, []
        if unheard and self.run and not self._is_over:
            self._again = asyncio.create_task(self.run.hear_again(unheard))

    async def _say(self, notice: Notice) -> None:
        if self._send is None:
            return
        try:
            await self._send(notice)
        except Exception:  # the socket died between two messages; its disconnect is on the way
            logger.debug("a notice to %s went nowhere", self.session.uuid, exc_info=True)

    async def _past(self, first: int) -> list[FinalText]:
        try:
            rows = await database_sync_to_async(heard_from)(self.session, first)
        except DATABASE_AWAY:
            logger.warning("the earlier texts of %s are not shown: no database", self.session.uuid)
            return []
        return [stored_final_of(row) for row in rows]

    async def _end_without_socket(self) -> None:
        await asyncio.sleep(GRACE_S)
        await self.stop()

    async def _settle(self) -> None:
        """The row's end, however long the database is away."""
        try:
            await self._ledger.flush()
            end = database_sync_to_async(sessions.session_end)
            await persevere(lambda: end(session=self.session, holder=self.session.holder))
        except Exception:  # nobody waits for this task
            logger.exception("live session %s is ended by the next one that opens", self.session.uuid)
        finally:
            self._gone(self)

    async def _finished(self) -> bool:
        """False: another process took over before everything was understood."""
        if self.run is None or self._look is None:
            return True
        finishing = asyncio.create_task(self.run.finish(self._flushed))
        await asyncio.wait({finishing, self._look}, return_when=asyncio.FIRST_COMPLETED)
        self._look.cancel()
        if finishing.done():
            await finishing
            return True
        finishing.cancel()
        return False

    async def _flushed(self) -> None:
        await self._ledger.flush(HAND_OVER_S)

    async def _look_for_others(self, spool: Spool) -> None:
        while not await asyncio.to_thread(lambda: spool.is_wanted):
            await asyncio.sleep(LOOK_S)
        self._let_go()

    def _let_go(self) -> None:
        if not self._is_over:
            self._is_over = True
            if self._look:
                self._look.cancel()
            self._gone(self)
            if self._grace:
                self._grace.cancel()
            # In a task of its own: it cancels the one that we may be in.
            asyncio.create_task(self._hand_over())  # noqa: RUF006

    async def _hand_over(self) -> None:
        """What is in line and not on the disk was never acknowledged; it comes to the next process."""
        self._watch.closed()
        self._gone(self)
        await self._say(TakenOver())
        self._growth.close()
        if self.run:
            await self.run.abandon(self._flushed)
        self._ledger.close()
        await self._engine.close()
