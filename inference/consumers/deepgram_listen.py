"""GET /v1/listen: Deepgram's WebSocket for live sound. I/O only; described in docs/api.md."""

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from django.utils import timezone

from base.errors import DomainError
from inference.api.answers import seconds
from inference.api.problems import BadRequest, deepgram_problem
from inference.consumers.deepgram_config import ListenConfig, listen_config
from inference.consumers.deepgram_results import ListenResults
from inference.consumers.guest import GuestConsumer, Message
from inference.consumers.notices import Notice
from inference.consumers.socket import FAILED
from speech.wire_sound import WireSoundError, container_of

IDLE_S = 10.0
IDLE = "NET-0001: neither sound nor a message came within the time that a client may be silent."
CANNOT_CONFIGURE = "What this stream was opened with does not change; open another one."


class ListenConsumer(GuestConsumer):
    protocol = "deepgram"
    _config: ListenConfig
    _results: ListenResults | None = None
    _idle: asyncio.TimerHandle | None = None

    async def begin(self) -> None:
        self._request = str(uuid4())
        self._began_at = timezone.now()
        self._sha256 = hashlib.sha256()
        if not await self._is_configured():
            return
        self._sound = self._config.sound()
        if await self.has_room():
            self._someone_is_there()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self._stop_waiting()  # what takes long here is not the client's silence
        try:
            await self._message(text_data, bytes_data)
        finally:
            self._someone_is_there()

    async def _message(self, text_data: str | None, bytes_data: bytes | None) -> None:
        if bytes_data:
            await self._media(bytes_data)
        elif bytes_data is not None:  # an empty frame: the older way to close the stream
            self.end()
        else:
            await self._control(text_data or "")

    async def disconnect(self, code: int) -> None:
        self._stop_waiting()
        await super().disconnect(code)

    async def heard(self, notice: Notice) -> None:
        if self._results:
            for message in self._results.messages(notice):
                await self.say(message)

    async def refused(self, error: DomainError) -> None:
        await self._error(error.code.upper(), str(error.message))

    def problem(self, error: DomainError) -> Message:
        return deepgram_problem(error)

    async def ended(self) -> None:
        self._stop_waiting()
        await self.say(self._metadata())

    async def _is_configured(self) -> bool:
        try:
            self._config = listen_config(parse_qs(self.scope["query_string"].decode()))
        except DomainError as error:
            await self.turn_away(error)
            return False
        return True

    async def _media(self, data: bytes) -> None:
        try:
            self._refuse_container(data)
            await self._open()
            self._sha256.update(data)
            await self.hear(self._sound.feed(data))
        except WireSoundError as error:
            await self._error("DATA-0000", str(error))
        except DomainError as error:
            await self.turn_away(error)

    def _refuse_container(self, data: bytes) -> None:
        """At the beginning, where no encoding was named. Raises BadRequest: as samples it would be noise."""
        if self.dictation is None and self._config.encoding_is_guessed and (name := container_of(data)):
            message = f"This is a {name} file. Send bare samples or Opus packets, and name their encoding."
            raise BadRequest("unsupported_container", message, param="encoding")

    async def _control(self, text: str) -> None:
        try:
            kind = json.loads(text)["type"]
        except (ValueError, TypeError, KeyError):
            kind = None
        match kind:
            case "KeepAlive":
                pass
            case "Finalize":
                await self._finalize()
            case "CloseStream":
                self.end()
            case "Configure":
                await self.say(
                    {
                        "type": "ConfigureFailure",
                        "request_id": self._request,
                        "code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED",
                        "description": CANNOT_CONFIGURE,
                    }
                )
            case _:
                description = "A text message is JSON with a type: KeepAlive, Finalize or CloseStream."
                await self._error("SchemaError", description, message=text[:200])

    async def _finalize(self) -> None:
        await self._open()
        await self.hear(self._sound.flush())
        if self.dictation and self.dictation.run:
            await self.dictation.run.end_utterance()

    def held_back(self) -> bytes:
        return self._sound.flush()

    async def _open(self) -> None:
        """With the first sound. Raises DomainError."""
        if self.dictation or self._ending:
            return
        metadata: Message = {"request_id": self._request}
        self._results = ListenResults(self._config, metadata)
        dictation = await self.open_dictation(
            self._config.options(), self._config.language, self._config.keyterms
        )
        model = dictation.session.model
        metadata["model_uuid"] = str(model.uuid)
        metadata["model_info"] = {"name": model.name, "version": str(model.pk), "arch": "asr"}

    def _metadata(self) -> Message:
        saved_ms = self.dictation.saved_ms if self.dictation else 0
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._request,
            "sha256": self._sha256.hexdigest(),
            "created": self._began_at.isoformat().replace("+00:00", "Z"),
            "duration": seconds(saved_ms),
            "channels": self._config.channels,
        }

    def _stop_waiting(self) -> None:
        if self._idle:
            self._idle.cancel()

    def _someone_is_there(self) -> None:
        self._stop_waiting()
        if self._ending is None and not self._is_gone:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._nobody_is_there)

    def _nobody_is_there(self) -> None:
        """What was said so far still gets its text before the socket closes."""
        self.close_with = (FAILED, IDLE)
        self.end()

    async def _error(self, variant: str, description: str, **more: Any) -> None:
        await self.say({"type": "Error", "variant": variant, "description": description, **more})
