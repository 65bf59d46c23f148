"""A socket that speaks another vendor's protocol: a key at the door, one dictation behind it.

Such a client cannot come back to a session: when its socket ends, the session ends, with its last words.
Knows no vendor's words; those are its subclasses'.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.utils import translation

from base import metrics
from base.errors import DomainError
from inference.api.access import LANGUAGE
from inference.api.problems import Busy, openai_problem
from inference.consumers.admission import require_room
from inference.consumers.credentials import Credentials, credentials_of
from inference.consumers.dictation import Dictation
from inference.consumers.live_run import NotSaved, Saved
from inference.consumers.notices import Notice, ShutOut, TakenOver
from inference.consumers.opening import dictation_open
from inference.consumers.socket import Socket
from inference.consumers.unsaved import DiskRefusedError, UnsavedSound
from inference.models import Scope
from inference.selectors.callers import Caller
from inference.services.keys import caller_admit
from inference.streaming.session import SessionOptions

logger = logging.getLogger(__name__)

Message = dict[str, Any]
NOT_LET_IN, OVER, BUSY = 4401, 4409, 1013
TOUCH_S = 60.0
MOST_REASON_BYTES = 120  # a close frame holds 123

_background: set[asyncio.Task[None]] = set()


class GuestConsumer(Socket):
    protocol: ClassVar[str]
    caller: Caller
    dictation: Dictation | None = None
    close_with: tuple[int, str | None] = (1000, None)
    _unsaved: UnsavedSound | None = None
    _ending: asyncio.Task[None] | None = None
    _touching: asyncio.Task[None] | None = None
    _is_gone = False

    # --- what a subclass says ---

    async def begin(self) -> None:
        """The socket is open and its caller is let in."""

    async def heard(self, notice: Notice) -> None:
        """Something happened; say it in the vendor's words."""
        raise NotImplementedError

    async def refused(self, error: DomainError) -> None:
        """The session cannot be had; say so before the socket is closed."""

    def problem(self, error: DomainError) -> Message:
        """The body of an HTTP refusal."""
        return {"error": openai_problem(error)}

    def held_back(self) -> bytes:
        """Sound that a decoder still holds when the client's own has ended."""
        return b""

    async def ended(self) -> None:
        """All texts are out: the last message, if there is one."""

    # --- the socket ---

    async def websocket_receive(self, message: Message) -> None:
        """What was on its way when the client was turned away is of nobody any more."""
        if not self._is_gone:
            await super().websocket_receive(message)

    async def connect(self) -> None:
        credentials = credentials_of(self.scope)
        try:
            self.caller = await self.admit(credentials.secret)
        except DomainError as error:
            await self.not_admitted(error, credentials)
            return
        await self.accept(credentials.subprotocol)
        await self.begin()

    async def not_admitted(self, error: DomainError, credentials: Credentials) -> None:
        """A program gets an HTTP answer; a page could not read one, so it gets an open socket that closes."""
        if credentials.by_header:
            metrics.SESSIONS_REFUSED.labels(error.code).inc()
            await self.deny(error)
        else:
            await self.accept(credentials.subprotocol)
            await self.turn_away(error)

    async def has_room(self) -> bool:
        """Whoever finds none has been told."""
        try:
            await require_room()
        except Busy as error:
            await self.turn_away(error)
            return False
        return True

    async def admit(self, secret: str) -> Caller:
        """Raises DomainError, in the language of programs."""
        with translation.override(LANGUAGE):
            return await database_sync_to_async(caller_admit)(secret=secret, scope=Scope.LIVE)

    async def turn_away(self, error: DomainError) -> None:
        metrics.SESSIONS_REFUSED.labels(error.code).inc()
        await self.refused(error)
        self._is_gone = True
        code = {503: BUSY, 401: NOT_LET_IN, 403: NOT_LET_IN}.get(error.status, OVER)
        await self.close(code, reason_of(str(error.message)))

    async def disconnect(self, code: int) -> None:
        """Nobody listens any more; what was said is understood and stored all the same."""
        self._is_gone = True
        if self._ending is None and self.dictation:
            self._ending = in_background(self._stop(self.dictation))

    async def say(self, message: Message) -> None:
        """Nothing after the end."""
        if not self._is_gone:
            await self.send(text_data=json.dumps(message, ensure_ascii=False))

    # --- the dictation ---

    async def open_dictation(
        self, options: SessionOptions, language: str, keywords: Sequence[str] = ()
    ) -> Dictation:
        """Raises DomainError."""
        with translation.override(LANGUAGE):
            dictation = await dictation_open(
                self.caller.user,
                self.caller.site,
                options=options,
                language=language,
                keywords=tuple(keywords),
                protocol=self.protocol,
                api_key=self.caller.key,
            )
        self.dictation = dictation
        if dictation.run:
            self._unsaved = UnsavedSound(dictation.run)
        await dictation.attach(self._tell)
        self._touching = asyncio.create_task(self._touch(dictation))
        return dictation

    async def hear(self, pcm: bytes) -> None:
        """PCM16 16 kHz mono into the dictation. A full session, or a disk that refuses, ends it."""
        if self._unsaved is None or self.dictation is None or self._ending or not pcm:
            return
        try:
            await self._unsaved.put(pcm)
        except DiskRefusedError:
            await self.turn_away(
                DomainError("not_saved", "The disk does not take the sound; the session ends.")
            )
            return
        if self.dictation.is_full:
            message = "This session is as long as a recording may be; it is kept, open a new one."
            await self.refused(DomainError("session_full", message))
            self.end()

    def end(self) -> None:
        """In a task of its own: the last words take a moment, and receive() must not wait for them."""
        if self._ending is None:
            self._ending = in_background(self._end())

    async def _end(self) -> None:
        try:
            if self.dictation:
                await self._stop(self.dictation)
            await self.ended()
            self._is_gone = True
            await self.close(*self.close_with)
        except Exception:  # the edge of a task: nobody else would say it
            logger.exception("ending a %s session", self.protocol)

    async def _stop(self, dictation: Dictation) -> None:
        if self._touching:
            self._touching.cancel()
        if self._unsaved:
            with contextlib.suppress(DiskRefusedError):
                await self._unsaved.put(self.held_back())
                await self._unsaved.written()
        await dictation.stop()

    async def _tell(self, notice: Notice) -> None:
        if isinstance(notice, TakenOver):
            await self.turn_away(DomainError("session_over", "This session has ended."))
            return
        if isinstance(notice, ShutOut):
            await self._shut_out(notice.error)
            return
        if self._unsaved and isinstance(notice, Saved):
            self._unsaved.saved(notice)
        if self._unsaved and isinstance(notice, NotSaved):
            self._unsaved.refused()
        if not self._is_gone:
            await self.heard(notice)

    async def _shut_out(self, error: DomainError) -> None:
        if self._ending is None:
            await self.refused(error)
            self.close_with = (NOT_LET_IN, reason_of(str(error.message)))
            self.end()

    async def _touch(self, dictation: Dictation) -> None:
        """A silent client is a living one."""
        while True:
            await asyncio.sleep(TOUCH_S)
            await dictation.touch()

    async def deny(self, error: DomainError) -> None:
        """An HTTP answer in place of the socket, where the server can give one."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.close(NOT_LET_IN)
            return
        body = json.dumps(self.problem(error)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        start = {"type": "websocket.http.response.start", "status": error.status, "headers": headers}
        await self.base_send(start)
        await self.base_send({"type": "websocket.http.response.body", "body": body})


def in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task outlives the consumer that began it; the set keeps it from being collected."""
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
    return task


def reason_of(sentence: str) -> str:
    """Cut to what a close frame holds, between characters."""
    return sentence.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
