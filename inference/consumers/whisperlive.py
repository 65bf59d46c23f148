"""WhisperLive's WebSocket, for its clients and browser extension. I/O only; described in docs/api.md.

Its client can send no header: it comes with a token in the address, or from an address that a setting allows.
The first message says what it wants; refusals wait for that, because it reads nothing before.
"""

import asyncio
import ipaddress
import json
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import translation

from base.errors import DomainError
from inference.api.access import LANGUAGE
from inference.api.hints import require_short
from inference.api.problems import BadRequest, Busy
from inference.consumers.admission import require_room
from inference.consumers.credentials import Credentials
from inference.consumers.guest import GuestConsumer, Message, in_background
from inference.consumers.notices import Notice
from inference.consumers.whisperlive_segments import Segments
from inference.models import Scope
from inference.selectors.callers import Caller, caller_of_key_named
from inference.services.keys import api_key_touch
from inference.streaming.session import SessionOptions
from speech.languages import language_code
from speech.wire_sound import Encoding, WireSound, WireSoundError

END_OF_AUDIO = b"END_OF_AUDIO"
BACKEND = "faster_whisper"  # the only one whose completed segments its client keeps
FORMATS: dict[str, Encoding] = {"float32": "float32", "int16": "pcm16"}
# A file that was played has no silence behind it: when no sound comes, what was said last is over.
SILENT_S = 1.0


@dataclass(frozen=True, slots=True)
class Hello:
    """The client's first message."""

    uid: str
    language: str
    hints: tuple[str, ...]
    encoding: Encoding
    segments: int
    words: bool
    translates: bool


class WhisperLiveConsumer(GuestConsumer):
    protocol = "whisperlive"
    _hello: Hello | None = None
    _refusal: DomainError | None = None
    _silent: asyncio.TimerHandle | None = None

    async def admit(self, secret: str) -> Caller:
        if secret or not self._is_named_address():
            return await super().admit(secret)
        with translation.override(LANGUAGE):
            return await database_sync_to_async(_caller_of_setting)()

    async def not_admitted(self, error: DomainError, credentials: Credentials) -> None:
        self._refusal = error
        await self.accept(credentials.subprotocol)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._hello is None:
            await self._greet(text_data)
        elif bytes_data == END_OF_AUDIO or text_data == END_OF_AUDIO.decode():
            self._listen_for_silence(False)
            self.end()
        elif bytes_data is not None:
            await self._media(bytes_data)
        else:
            await self._status("WARNING", "Text is not expected here; sound comes as binary frames.")

    async def disconnect(self, code: int) -> None:
        self._listen_for_silence(False)
        await super().disconnect(code)

    async def heard(self, notice: Notice) -> None:
        for segments in self._segments.lists(notice):
            await self._send(segments=segments)

    async def refused(self, error: DomainError) -> None:
        if isinstance(error, Busy):
            await self._status("WAIT", error.retry_after_s / 60)  # its client counts in minutes
        else:
            await self._status("ERROR", str(error.message))

    async def ended(self) -> None:
        await self._send(message="DISCONNECT")

    async def _greet(self, text: str | None) -> None:
        try:
            hello = hello_of(text)
        except BadRequest as error:
            await self.say({"uid": None, "status": "ERROR", "message": error.message})
            return
        self._hello = hello
        self._segments = Segments(hello.segments, hello.words)
        self._sound = WireSound(hello.encoding)
        try:
            if self._refusal:
                raise self._refusal
            await require_room()
            await self.open_dictation(SessionOptions(), hello.language, hello.hints)
        except DomainError as error:
            await self.turn_away(error)
            return
        if hello.translates:
            await self._status("WARNING", "Nothing is translated here; you get what is said.")
        await self._send(message="SERVER_READY", backend=BACKEND)

    async def _media(self, data: bytes) -> None:
        try:
            await self.hear(self._sound.feed(data))
        except WireSoundError as error:
            await self._status("WARNING", str(error))
        self._listen_for_silence(True)

    def _listen_for_silence(self, goes_on: bool) -> None:
        if self._silent:
            self._silent.cancel()
        if goes_on and self._ending is None:
            self._silent = asyncio.get_running_loop().call_later(SILENT_S, self._fell_silent)

    def _fell_silent(self) -> None:
        if self.dictation and self.dictation.run and self._ending is None:
            in_background(self.dictation.run.end_utterance())

    async def _send(self, **fields: Any) -> None:
        await self.say({"uid": self._hello.uid if self._hello else None, **fields})

    async def _status(self, status: str, message: str | float) -> None:
        await self._send(status=status, message=message)

    def _is_named_address(self) -> bool:
        if not settings.AUSCULT_WHISPERLIVE_KEY:
            return False
        try:
            address = ipaddress.ip_address((self.scope.get("client") or [""])[0])
            named = [ipaddress.ip_network(one) for one in settings.AUSCULT_WHISPERLIVE_ADDRESSES]
        except ValueError:
            return False
        return any(address in network for network in named)


def hello_of(text: str | None) -> Hello:
    """Raises BadRequest."""
    try:
        said: Message = json.loads(text or "")
        uid, encoding = str(said["uid"]), FORMATS[said.get("audio_format") or "float32"]
        language = language_code(str(said.get("language") or ""))
        segments = int(said.get("send_last_n_segments") or 10)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = "The first message is a JSON object with uid; audio_format is float32 or int16."
        raise BadRequest("bad_hello", message) from error
    hotwords = said.get("hotwords") or ""
    words = hotwords if isinstance(hotwords, list) else str(hotwords).split(",")
    hints = tuple(text for one in [*words, said.get("initial_prompt") or ""] if (text := str(one).strip()))
    require_short(hints, param="hotwords")
    return Hello(
        uid=uid,
        language=language,
        hints=hints,
        encoding=encoding,
        segments=segments,
        words=bool(said.get("word_timestamps")),
        translates=said.get("task") == "translate" or bool(said.get("enable_translation")),
    )


def _caller_of_setting() -> Caller:
    caller = caller_of_key_named(settings.AUSCULT_WHISPERLIVE_KEY)
    caller.require(Scope.LIVE)
    api_key_touch(key=caller.key)
    return caller
