"""The product's own WebSocket: JSON for words about sound, binary frames for sound. I/O only.

A frame is a little-endian uint32 sequence number and PCM16 samples, 16 kHz mono. receive() only checks and
passes on; the pump of the dictation writes, acknowledges and listens. Described in docs/api.md.
"""

import asyncio
import json
import logging
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.models import Site
from base import metrics
from base.errors import DomainError
from inference.consumers import wire
from inference.consumers.dictation import Dictation
from inference.consumers.notices import Notice, TakenOver
from inference.selectors.sessions import dictation_sites

logger = logging.getLogger(__name__)

HEADER_BYTES = 4
MAX_PCM_BYTES = 64_000
NOT_LOGGED_IN, NOT_ALLOWED, OVER = 4401, 4403, 4409


class LiveConsumer(AsyncWebsocketConsumer):
    dictation: Dictation | None = None
    site: Site | None = None
    _gap_told_at = -1
    _stopping: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()  # a browser sees the code of a refusal only on an accepted connection
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(NOT_LOGGED_IN)
            return
        self.site = await self._wanted_site()
        if self.site is None:
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
        message = wire.message_of(notice)
        if message:
            await self.say(message)
        if isinstance(notice, TakenOver):
            await self.close(OVER)

    async def _message(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = message["type"]
        except (ValueError, TypeError, KeyError):
            kind = ""
        if kind == "start":
            await self._start(message)
        elif kind == "ping" and self.dictation:
            await self.dictation.touch()
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
        user = self.scope["user"]
        try:
            if message.get("session"):
                self.dictation = await Dictation.resume(user, UUID(str(message["session"])))
            else:
                self.dictation = await Dictation.open(user, self.site)  # type: ignore[arg-type]
        except ValueError:
            await self.say(wire.error("bad_message"))
            return
        except DomainError as refused:
            metrics.SESSIONS_REFUSED.labels(refused.code).inc()
            await self.say({"type": "error", "code": refused.code, "message": str(refused.message)})
            return
        run, session = self.dictation.run, self.dictation.session
        await self.say(
            {"type": "ready", "session": str(session.uuid), "next_seq": run.next_seq if run else 0}
        )
        have = message.get("have_utterances", 0)
        await self.dictation.attach(self.tell, have if isinstance(have, int) else 0)

    async def _frame(self, data: bytes) -> None:
        dictation = self.dictation
        if dictation is None or dictation.run is None:
            await self.say(wire.error("not_started"))
            return
        size = len(data) - HEADER_BYTES
        if size <= 0 or size % 2 or size > MAX_PCM_BYTES:
            metrics.FRAMES_REFUSED.labels("bad").inc()
            await self.say(wire.error("bad_frame"))
            return
        if self._stopping or not dictation.is_attached(self.tell):
            return
        run, seq = dictation.run, int.from_bytes(data[:HEADER_BYTES], "little")
        if seq < run.next_seq:  # sent again after a broken connection
            await self.say({"type": "ack", "seq": run.saved_seq, "saved_ms": run.saved_ms})
        elif seq > run.next_seq:
            if self._gap_told_at != run.next_seq:  # once; the frames behind the gap are on their way too
                self._gap_told_at = run.next_seq
                metrics.FRAMES_REFUSED.labels("gap").inc()
                await self.say(wire.error("gap", next_seq=run.next_seq))
        else:
            await run.put(data[HEADER_BYTES:])
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
            await self.close()
        except Exception:
            logger.exception("ending live session %s", dictation.session.uuid)

    @database_sync_to_async
    def _wanted_site(self) -> Site | None:
        """The site of the address, or the only one that the person has."""
        sites = dictation_sites(self.scope["user"])
        wanted = parse_qs(self.scope["query_string"].decode()).get("site", [""])[0]
        if not wanted:
            return sites.get() if sites.count() == 1 else None
        try:
            return sites.filter(uuid=UUID(wanted)).first()
        except ValueError:
            return None
