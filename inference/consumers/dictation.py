"""Ties a session's row, its running ears and the socket it talks to; keeps it a minute without one.

Serves every protocol: what happens is told as notices, which each consumer puts into its own words.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from uuid import UUID, uuid4, uuid5

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Site, User
from base import metrics
from base.errors import NotFound
from inference.consumers import live_run
from inference.consumers.hearing import EngineClient, words_of
from inference.consumers.live_run import LiveRun, Saved, Understood
from inference.consumers.notices import FinalText, Notice, Stopped, TakenOver
from inference.consumers.watch import Watch
from inference.models import LiveSession, LiveUtterance
from inference.services import sessions
from inference.services.spool import Spool
from inference.streaming.session import SessionOptions, StreamingSession
from speech.vad import StreamingVad

logger = logging.getLogger(__name__)

GRACE_S = 60.0  # a connection that breaks may come back within this time
TOUCH_S = 5.0

Send = Callable[[Notice], Awaitable[None]]

_running: dict[UUID, "Dictation"] = {}


class Dictation:
    def __init__(self, session: LiveSession, heard_until_ms: int, protocol: str = "native") -> None:
        self.session = session
        self._heard_until_ms = heard_until_ms
        self._send: Send | None = None
        self._grace: asyncio.Task[None] | None = None
        self._touched_s = time.monotonic()
        self._is_over = False
        self._engine = EngineClient(str(session.uuid), session.model.ref)
        self.run: LiveRun | None = None
        self._watch = Watch(session.uuid, protocol)

    # --- beginnings ---

    @classmethod
    async def open(
        cls,
        user: User,
        site: Site,
        *,
        options: SessionOptions | None = None,
        language: str = "zh",
        keywords: Sequence[str] = (),
        protocol: str = "native",
        api_key: object | None = None,
    ) -> "Dictation":
        """Raises DomainError."""
        await database_sync_to_async(sessions.sessions_end_stale)()
        session = await database_sync_to_async(sessions.session_open)(user=user, site=site, holder=uuid4())
        return await cls._running_one(session, options, protocol)

    @classmethod
    async def resume(cls, user: User, session_uuid: UUID) -> "Dictation":
        """Raises NotFound (code session_over) when there is nothing to go on with."""
        running = _running.get(session_uuid)
        if running is not None and running._is_over:
            raise NotFound("session_over", _("This session has ended; what was said in it is kept."))
        session = await database_sync_to_async(sessions.session_take_over)(
            user=user, session_uuid=session_uuid, holder=uuid4()
        )
        if running is not None and running._is_over:  # the minute was up while the row was asked for
            raise NotFound("session_over", _("This session has ended; what was said in it is kept."))
        metrics.RECONNECTS.inc()
        if running is not None:
            running.session = session
            return running
        return await cls._running_one(session)

    @classmethod
    async def _running_one(
        cls, session: LiveSession, options: SessionOptions | None = None, protocol: str = "native"
    ) -> "Dictation":
        last_ms, next_index = await _continuation(session)
        dictation = cls(session, last_ms, protocol)
        spool = await asyncio.to_thread(Spool, session.spool_path)
        vad = await asyncio.to_thread(StreamingVad)
        streaming = StreamingSession(
            vad, options or SessionOptions(), start_ms=last_ms, first_utterance=next_index
        )
        dictation.run = LiveRun(spool, streaming, dictation._engine, dictation._tell, dictation._watch)
        dictation._watch.opened()
        _running[session.uuid] = dictation
        return dictation

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
        for final in await _stored_finals(self.session, have_utterances):
            await self._say(final)
        if self.run and not self.run.is_started:
            await self.run.start(self._heard_until_ms)

    def detach(self, send: Send) -> None:
        if self._send == send and not self._is_over:
            self._send = None
            self._grace = asyncio.create_task(self._end_without_socket())

    def is_attached(self, send: Send) -> bool:
        return self._send == send

    async def stop(self) -> Stopped:
        self._is_over = True
        if self.run:
            await self.run.finish()
        self._watch.closed()
        await self._engine.close()
        holder = self.session.holder
        await database_sync_to_async(sessions.session_end)(session=self.session, holder=holder)
        _running.pop(self.session.uuid, None)
        saved_ms = self.run.saved_ms if self.run else 0
        return Stopped(self.session.uuid, saved_ms)

    def utterance_id(self, utterance: int) -> UUID:
        """The same in every process, known before there is a row."""
        return uuid5(self.session.uuid, str(utterance))

    @property
    def is_full(self) -> bool:
        limit_ms = settings.AUSCULT_MAX_RECORDING_S * 1000 - 10_000
        return self.run is not None and self.run.saved_ms >= limit_ms

    async def touch(self) -> None:
        """Says to the database that somebody is here; lets go when another connection took over."""
        self._touched_s = time.monotonic()
        saved_ms = self.run.saved_ms if self.run else 0
        mine = await database_sync_to_async(sessions.session_touch)(
            session=self.session, holder=self.session.holder, received_ms=saved_ms
        )
        if not mine and not self._is_over:
            await self._say(TakenOver())
            await self._let_go()

    # --- inside ---

    async def _tell(self, notice: live_run.Notice) -> None:
        if isinstance(notice, Understood):
            await self._say(self._final_text(notice))
            await self._keep(notice)
            return
        await self._say(notice)
        if isinstance(notice, Saved) and time.monotonic() - self._touched_s > TOUCH_S:
            await self.touch()

    def _final_text(self, understood: Understood) -> FinalText:
        final = understood.final
        return FinalText(
            id=self.utterance_id(final.utterance),
            utterance=final.utterance,
            text=final.text,
            words=final.words,
            flags=final.flags,
            start_ms=final.start_ms,
            end_ms=final.end_ms,
            latency_ms=understood.latency_ms,
        )

    async def _say(self, notice: Notice) -> None:
        if self._send is None:
            return
        try:
            await self._send(notice)
        except Exception:  # the socket died between two messages; its disconnect is on the way
            logger.debug("a notice to %s went nowhere", self.session.uuid, exc_info=True)

    async def _keep(self, understood: Understood) -> None:
        final = understood.final
        await database_sync_to_async(sessions.utterance_add)(
            session=self.session,
            index=final.utterance,
            text=final.text,
            words=[asdict(word) for word in final.words],
            span_ms=(final.start_ms, final.end_ms),
            latency_ms=understood.latency_ms,
        )

    async def _end_without_socket(self) -> None:
        await asyncio.sleep(GRACE_S)
        await self.stop()

    async def _let_go(self) -> None:
        self._is_over = True
        self._watch.closed()
        _running.pop(self.session.uuid, None)
        if self.run:
            asyncio.create_task(self.run.abandon())  # noqa: RUF006 - it cancels the task that we are in


@database_sync_to_async
def _continuation(session: LiveSession) -> tuple[int, int]:
    """Where listening goes on (ms) and the next utterance's number."""
    so_far = session.utterances.aggregate(end=Max("end_ms"), last=Max("index"))
    return so_far["end"] or 0, 0 if so_far["last"] is None else so_far["last"] + 1


@database_sync_to_async
def _stored_finals(session: LiveSession, first: int) -> list[FinalText]:
    return [_stored_final(session, row) for row in session.utterances.filter(index__gte=first)]


def _stored_final(session: LiveSession, row: LiveUtterance) -> FinalText:
    return FinalText(
        id=uuid5(session.uuid, str(row.index)),
        utterance=row.index,
        text=row.text,
        words=tuple(words_of(row.words)),
        flags=(),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        latency_ms=row.final_latency_ms,
        past=True,
    )
