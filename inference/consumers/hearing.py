"""Asks the engine over HTTP. The web process's only way to a recogniser."""

from collections.abc import Iterable

import httpx
from django.conf import settings

from inference.streaming.events import FinalWanted, Heard, Request
from speech.types import Word

# Silence of the engine: a large model on a small machine takes its time; a dead one refuses at once.
TIMEOUT = httpx.Timeout(120.0, connect=2.0)


class SupersededError(Exception):
    """A newer request took this one's place: nothing is wrong."""


class EngineUnavailableError(Exception):
    """No answer now; ask again after `retry_s` (None: asking again is no use)."""

    def __init__(self, reason: str, retry_s: float | None) -> None:
        super().__init__(reason)
        self.retry_s = retry_s


class EngineClient:
    """One per live session. `transport` lets tests put the engine in the same process."""

    transport: httpx.AsyncBaseTransport | None = None

    def __init__(self, session: str, model: str) -> None:
        self._model = model
        self._client = httpx.AsyncClient(
            base_url=settings.AUSCULT_ENGINE_URL,
            headers={"X-Session": session},
            timeout=TIMEOUT,
            transport=self.transport,
            trust_env=False,  # a proxy has no business between two processes of one machine
        )

    async def hear(self, request: Request) -> Heard:
        """Raises SupersededError or EngineUnavailableError."""
        is_final = isinstance(request, FinalWanted)
        query: dict[str, str | int] = {
            "model": self._model,
            "lane": "final" if is_final else "partial",
            "word_times": int(is_final),
            "speech_ms": request.speech_ms,
        }
        try:
            answer = await self._client.post("/v1/transcribe", params=query, content=request.pcm)
        except httpx.HTTPError as error:
            raise EngineUnavailableError(str(error) or type(error).__name__, retry_s=1.0) from error
        if answer.status_code == 409:
            raise SupersededError
        if answer.status_code == 503:
            raise EngineUnavailableError("busy", retry_s=float(answer.headers.get("Retry-After", 1)))
        if answer.status_code != 200:
            raise EngineUnavailableError(answer.text[:200], retry_s=None)
        body = answer.json()
        return Heard(body["text"], tuple(words_of(body["words"])), tuple(body["flags"]))

    async def close(self) -> None:
        await self._client.aclose()


def words_of(rows: Iterable[dict]) -> Iterable[Word]:
    return (Word(row["text"], row["start_ms"], row["end_ms"], row["probability"]) for row in rows)
