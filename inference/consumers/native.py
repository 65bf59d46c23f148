"""The product's own WebSocket: JSON for words about sound, binary frames for sound. I/O only.

The page comes with its login, a program with a key. receive() only checks and passes on; the pump of the
dictation writes, acknowledges and listens. Described in docs/api.md.
"""

import asyncio
import json
import logging
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from accounts.models import Site, User
from accounts.requests import person_key
from annotation.models.terms import LONGEST_TERM
from base import metrics
from base.errors import DomainError
from inference.api.problems import Busy
from inference.consumers import wire
from inference.consumers.admission import require_room
from inference.consumers.credentials import credentials_of
from inference.consumers.dictation import Dictation
from inference.consumers.frames import CODECS, BadFrameError, FrameReader
from inference.consumers.guest import reason_of
from inference.consumers.notices import Notice, ShutOut, TakenOver
from inference.consumers.opening import dictation_open, dictation_resume
from inference.consumers.socket import Socket
from inference.models import ApiKey, Scope
from inference.selectors.sessions import dictation_sites
from inference.services.keys import caller_admit

logger = logging.getLogger(__name__)

NOT_LOGGED_IN, NOT_ALLOWED, OVER, ANOTHER_PERSON, BUSY = 4401, 4403, 4409, 4410, 1013
PAGE_EVENTS = ("partial",)  # what is told of a running utterance when a client says nothing about it


class LiveConsumer(Socket):
    dictation: Dictation | None = None
    site: Site | None = None
    user: User | None = None
    _key: ApiKey | None = None
    _events: frozenset[str] = frozenset(PAGE_EVENTS)
    _frames: FrameReader
    _gap_told_at = -1
    _close_code = 1000
    _stopping: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        credentials = credentials_of(self.scope)
        # A browser sees the code of a refusal only on an accepted connection.
        await self.accept(credentials.subprotocol)
        try:
            await self._let_in(credentials.secret)
        except DomainError as refused:
            await self.close(NOT_LOGGED_IN, reason_of(str(refused.message)))
            return
        if self.user is None:
            await self.close(NOT_LOGGED_IN)
        elif not self._is_of_the_page(self.user):
            self.site = None
            await self.close(ANOTHER_PERSON)
        elif self.site is None:
            await self.close(NOT_ALLOWED)

    async def disconnect(self, code: int) -> None:
        if self.dictation:
            self.dictation.detach(self.tell)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.site is None:
            return
        if bytes_data is not None:
            await self._frame(bytes_data)
        else:
            await self._message(text_data or "")

    async def say(self, message: wire.Message) -> None:
        await self.send(text_data=json.dumps(message, ensure_ascii=False))

    async def tell(self, notice: Notice) -> None:
        """What the dictation has to say, in this protocol's words."""
        message = wire.message_of(notice, self._events)
        if message:
            await self.say(message)
        if isinstance(notice, TakenOver):
            await self.close(OVER)
        if isinstance(notice, ShutOut):
            self._close_code = NOT_LOGGED_IN if self._key else NOT_ALLOWED
            self._stop()

    async def _message(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = str(message["type"])
        except (ValueError, TypeError, KeyError):
            kind = ""
        if kind == "start":
            await self._start(message)
        elif kind == "ping" and self.dictation:
            self.dictation.touch_soon()
            await self.say({"type": "pong"})
        elif kind == "stop" and self.dictation:
            self._stop()
        elif kind in {"ping", "stop"}:
            await self.say(wire.error("not_started"))
        else:
            await self.say(wire.error("bad_message"))

    async def _start(self, message: dict) -> None:
        if self.dictation:
            await self.say(wire.error("bad_message"))
            return
        try:
            self._events, self._frames = frozenset(message.get("events", PAGE_EVENTS)), _reader(message)
            self.dictation = await self._dictation(message)
        except (ValueError, TypeError):
            await self.say(wire.error("bad_message"))
            return
        except Busy as busy:
            metrics.SESSIONS_REFUSED.labels(busy.code).inc()
            await self.say(wire.error("busy", retry_after_s=busy.retry_after_s))
            await self.close(BUSY, reason_of(str(busy.message)))
            return
        except DomainError as refused:
            metrics.SESSIONS_REFUSED.labels(refused.code).inc()
            await self.say(wire.refusal(refused))
            return
        run, session = self.dictation.run, self.dictation.session
        # What is in line and not on the disk yet comes again: it is nowhere else, should the write fail.
        next_seq = run.saved_seq + 1 if run else 0
        await self.say({"type": "ready", "session": str(session.uuid), "next_seq": next_seq})
        have = message.get("have_utterances", 0)
        await self.dictation.attach(self.tell, have if isinstance(have, int) else 0)

    async def _dictation(self, message: dict) -> Dictation:
        """Raises DomainError or ValueError. Who was speaking already finds room again."""
        assert self.user and self.site
        if message.get("session"):
            return await dictation_resume(self.user, self.site, UUID(str(message["session"])), self._key)
        await require_room()
        keywords = _keywords(message)
        return await dictation_open(self.user, self.site, keywords=keywords, api_key=self._key)

    async def _frame(self, data: bytes) -> None:
        dictation = self.dictation
        if dictation is None or dictation.run is None:
            await self.say(wire.error("not_started"))
            return
        try:
            seq = self._frames.number(data)
        except BadFrameError:
            metrics.FRAMES_REFUSED.labels("bad").inc()
            await self.say(wire.error("bad_frame"))
            return
        if self._stopping or not dictation.is_attached(self.tell):
            return
        run = dictation.run
        if seq < run.next_seq:  # sent again after a broken connection
            await self.say({"type": "ack", "seq": run.saved_seq, "saved_ms": run.saved_ms})
        elif seq > run.next_seq:
            if self._gap_told_at != run.next_seq:  # once; the frames behind the gap are on their way too
                self._gap_told_at = run.next_seq
                metrics.FRAMES_REFUSED.labels("gap").inc()
                await self.say(wire.error("gap", next_seq=run.next_seq))
        else:
            await self._next_frame(dictation, data)

    async def _next_frame(self, dictation: Dictation, data: bytes) -> None:
        try:
            pcm = self._frames.pcm(data)
        except BadFrameError:
            await self.say(wire.error("bad_frame"))
            return
        if dictation.run:
            await dictation.run.put(pcm)
        if dictation.is_full:
            await self.say(wire.error("session_full"))
            self._stop()

    def _stop(self) -> None:
        """In a task of its own: the last words take a moment, and receive() must not wait for them."""
        if self._stopping is None and self.dictation:
            self._stopping = asyncio.create_task(self._finish(self.dictation))

    async def _finish(self, dictation: Dictation) -> None:
        try:
            await self.tell(await dictation.stop())
            await self.close(self._close_code)
        except Exception:
            logger.exception("ending live session %s", dictation.session.uuid)

    @database_sync_to_async
    def _let_in(self, secret: str) -> None:
        """Raises Unauthenticated or Forbidden."""
        if secret:
            caller = caller_admit(secret=secret, scope=Scope.LIVE)
            self.user, self.site, self._key = caller.user, caller.site, caller.key
            return
        user = self.scope.get("user")  # none where the connection does not say whose page it is
        if isinstance(user, User):
            self.user, self.site = user, self._wanted_site(user)

    def _asked(self, name: str) -> str:
        return parse_qs(self.scope["query_string"].decode()).get(name, [""])[0]

    def _is_of_the_page(self, user: User) -> bool:
        """A page says whose it is: in the same browser somebody else may have logged in since."""
        return self._asked("person") in {"", person_key(user)}

    def _wanted_site(self, user: User) -> Site | None:
        """The site of the address, or the only one that the person has."""
        sites = dictation_sites(user)
        wanted = self._asked("site")
        if not wanted:
            return sites.get() if sites.count() == 1 else None
        try:
            return sites.filter(uuid=UUID(wanted)).first()
        except ValueError:
            return None


def _reader(message: dict) -> FrameReader:
    """Raises ValueError for a codec that is not known."""
    codec = message.get("codec", CODECS[0])
    if codec not in CODECS:
        raise ValueError(codec)
    return FrameReader(codec)


def _keywords(message: dict) -> tuple[str, ...]:
    """Terms for the recogniser: none where AUSCULT_PROMPT_TERMS says that the models here gain nothing."""
    said = message.get("keywords") or ()
    terms = [one.strip() for one in said if isinstance(one, str) and 0 < len(one.strip()) <= LONGEST_TERM]
    return tuple(terms[: settings.AUSCULT_PROMPT_TERMS])
