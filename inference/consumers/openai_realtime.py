"""GET /v1/realtime?intent=transcription: OpenAI's WebSocket, GA events. I/O only; described in docs/api.md.

The dictation is opened with the first sound, so that what the client configures before that counts.
"""

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from base.errors import DomainError
from inference.api.problems import BadRequest, openai_problem
from inference.consumers.guest import GuestConsumer, Message
from inference.consumers.notices import Notice
from inference.consumers.openai_config import RealtimeConfig, older_shape, updated, wrong
from inference.consumers.openai_items import BUFFER, RealtimeItems
from speech.languages import language_code

OLDER = "transcription_session"


class RealtimeConsumer(GuestConsumer):
    protocol = "openai"
    _items: RealtimeItems | None = None
    _heard_bytes = 0  # since the last commit

    async def begin(self) -> None:
        self._id = f"sess_{uuid4().hex}"
        self._config = RealtimeConfig()
        self._sound = self._config.sound()
        query = parse_qs(self.scope["query_string"].decode("latin1"))
        intent = query.get("intent", ["transcription"])[0]
        if intent != "transcription":
            message = "This server transcribes: connect with intent=transcription."
            await self.turn_away(BadRequest("unsupported_intent", message, param="intent"))
            return
        if await self.has_room():
            await self._event(self._session(f"{self._object_name()}.created"))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        event_id = None
        try:
            event = _event_of(text_data)
            event_id = event.get("event_id")
            await self._take(event)
        except DomainError as error:
            await self.refused(error, event_id)

    async def heard(self, notice: Notice) -> None:
        if self._items:
            for event in self._items.events(notice):
                await self._event(event)

    async def refused(self, error: DomainError, event_id: str | None = None) -> None:
        await self._event({"type": "error", "error": {**openai_problem(error), "event_id": event_id}})

    async def _take(self, event: Message) -> None:
        match event.get("type"):
            case "input_audio_buffer.append":
                await self._append(event.get("audio"))
            case "input_audio_buffer.commit":
                await self._commit()
            case "input_audio_buffer.clear":
                await self._clear()
            case "session.update":
                await self._update(event.get("session"))
                await self._event(self._session("session.updated"))
            case "transcription_session.update":
                await self._update(older_shape(event.get("session")))
                await self._event(self._session(f"{OLDER}.updated"))
            case other:
                message = f"“{other}” is not an event of a transcription session."
                raise BadRequest("unsupported_event", message, param="type")

    async def _append(self, audio: Any) -> None:
        try:
            data = base64.b64decode(audio, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise BadRequest("invalid_audio", "audio must be base64.", param="audio") from error
        if not data:
            return
        await self._open()
        self._heard_bytes += len(data)
        await self.hear(self._sound.feed(data))

    async def _commit(self) -> None:
        if not self._heard_bytes or self.dictation is None or self._items is None:
            message = "There is no sound to commit: send some first."
            raise BadRequest("input_audio_buffer_commit_empty", message)
        self._heard_bytes = 0
        self._items.commit()
        await self._end_utterance()

    async def _clear(self) -> None:
        self._heard_bytes = 0
        if self._items is None:
            await self._event({"type": f"{BUFFER}.cleared"})
            return
        self._items.clear()
        await self._end_utterance()

    def held_back(self) -> bytes:
        return self._sound.flush()

    async def _end_utterance(self) -> None:
        await self.hear(self._sound.flush())
        if self.dictation and self.dictation.run:
            await self.dictation.run.end_utterance()

    async def _update(self, session: Any) -> None:
        config = updated(self._config, session)
        if self.dictation and not config.same_session(self._config):
            message = (
                "Language, prompt and turn detection are set before the first sound; open a new session."
            )
            raise wrong("session", message)
        if (config.encoding, config.rate_hz) != (self._config.encoding, self._config.rate_hz):
            await self.hear(self._sound.flush())
            self._sound = config.sound()
        self._config = config
        if self._items:
            self._items.logprobs = config.logprobs

    async def _open(self) -> None:
        if self.dictation:
            return
        config = self._config
        self._items = RealtimeItems(self._id_of, manual=config.turns is None, logprobs=config.logprobs)
        await self.open_dictation(config.options(), language_code(config.language), config.hints())

    def _id_of(self, utterance: int) -> str:
        return str(self.dictation.utterance_id(utterance)) if self.dictation else ""

    def _object_name(self) -> str:
        headers = dict(self.scope["headers"])
        is_older = headers.get(b"openai-beta") == b"realtime=v1" or any(
            one.startswith("openai-beta") for one in self.scope.get("subprotocols", [])
        )
        return OLDER if is_older else "session"

    def _session(self, kind: str) -> Message:
        shown = {"id": self._id, "object": "realtime.transcription_session", **self._config.shown()}
        return {"type": kind, "session": shown}

    async def _event(self, event: Message) -> None:
        await self.say({"event_id": f"event_{uuid4().hex}", **event})


def _event_of(text: str | None) -> Message:
    try:
        event = json.loads(text or "")
    except ValueError as error:
        raise BadRequest("invalid_json", "Each message is a JSON event; sound is base64 in it.") from error
    if not isinstance(event, dict):
        raise BadRequest("invalid_json", "Each message is a JSON object with a type.")
    return event
