"""Asks the engines over HTTP. The web process's only way to a recogniser.

AUSCULT_ENGINE_URL may list several engines: a session stays with one as long as it answers, and goes on with
the next when it does not. Knows nothing of sockets or rows.
"""

import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from zlib import crc32

import httpx

from base import traces
from inference.services.engines import engine_addresses
from inference.streaming.events import FinalWanted, Heard, Request
from speech.types import Token, Word

logger = logging.getLogger(__name__)

# Silence of the engine: a large model on a small machine takes its time; a dead one refuses at once.
TIMEOUT = httpx.Timeout(120.0, connect=2.0)
LOAD_TIMEOUT = httpx.Timeout(2.0)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes 20 ms, in which no other session is served."""
    return ssl.create_default_context()


class SupersededError(Exception):
    """A newer request took this one's place: nothing is wrong."""


class EngineUnavailableError(Exception):
    """No answer now; ask again after `retry_s` (None: asking again is no use)."""

    def __init__(self, reason: str, retry_s: float | None) -> None:
        super().__init__(reason)
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """What POST /v1/places says: `active` of `capacity` people speak; whether one more may begin."""

    active: int
    capacity: float
    accepts: bool
    retry_after_s: float
    pressure: int
    device: str
    fallback: bool
    ready: bool = True  # False: still warming up, so it turns away for now whoever asks


class EngineClient:
    """One per live session. `transport` lets tests put the engine in the same process."""

    transport: httpx.AsyncBaseTransport | None = None

    def __init__(
        self,
        session: str,
        model: str,
        adapter: str = "",
        language: str = "zh",
        prompt_terms: Sequence[str] = (),
    ) -> None:
        self._query = {"model": model, "adapter": adapter, "language": language}
        self._hotwords = list(prompt_terms)
        self._addresses = engine_addresses()
        # Sessions spread over the engines, and the same one goes back to where it was after a reconnection.
        self._at = crc32(session.encode()) % len(self._addresses)
        self._client = httpx.AsyncClient(
            # Room was asked for at the door, so that an engine turns no sentence of this session away, not
            # even after a restart or when another engine was asked.
            headers={"X-Session": session, "X-Admitted": "1"},
            timeout=TIMEOUT,
            transport=self.transport,
            trust_env=False,  # a proxy has no business between two processes of one machine
            verify=tls(),
        )

    async def hear(self, request: Request) -> Heard:
        """Asks each engine once. Raises SupersededError or EngineUnavailableError."""
        for _last_but_one in self._addresses[1:]:
            try:
                return await self._ask(request)
            except EngineUnavailableError as error:
                if error.retry_s is None:
                    raise
                logger.warning("%s does not hear (%s); on to the next", self._addresses[self._at], error)
                self._at = (self._at + 1) % len(self._addresses)
        return await self._ask(request)

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, request: Request) -> Heard:
        is_final = isinstance(request, FinalWanted)
        query: dict[str, Any] = {
            **self._query,
            "hotwords": self._hotwords,
            "lane": "final" if is_final else "partial",
            "word_times": int(is_final),
            "speech_ms": request.speech_ms,
        }
        address = f"{self._addresses[self._at]}/v1/transcribe"
        try:
            answer = await self._client.post(
                address, params=query, content=request.pcm, headers=traces.headers()
            )
        except httpx.HTTPError as error:
            raise EngineUnavailableError(str(error) or type(error).__name__, retry_s=1.0) from error
        if answer.status_code == 409:
            raise SupersededError
        if answer.status_code >= 500 and not is_failure_of_its_own(answer):
            raise EngineUnavailableError("busy", retry_s=float(answer.headers.get("Retry-After", 1)))
        if answer.status_code != 200:
            raise EngineUnavailableError(answer.text[:200], retry_s=None)
        return heard_of(answer.json())


async def engine_place() -> EngineLoad | None:
    """Of the first engine that takes a new speaker, else of the last that answers; None: all are away."""
    found = None
    async with httpx.AsyncClient(
        timeout=LOAD_TIMEOUT, transport=EngineClient.transport, trust_env=False, verify=tls()
    ) as client:
        for address in engine_addresses():
            try:
                answer = (await client.post(f"{address}/v1/places")).raise_for_status()
                body = answer.json()
                known = {one.name: body[one.name] for one in fields(EngineLoad) if one.name in body}
                found = EngineLoad(**known)
            except (httpx.HTTPError, ValueError, TypeError):
                continue
            if found.accepts:
                return found
    return found


def is_failure_of_its_own(answer: httpx.Response) -> bool:
    """Did the recogniser fail on this sound? Other errors are of a proxy whose engine is gone."""
    return answer.status_code == 500 and "decode_failed" in answer.text


def heard_of(body: Mapping[str, Any]) -> Heard:
    return Heard(
        body["text"],
        tuple(words_of(body["words"])),
        tuple(body["flags"]),
        rejected_text=body["rejected_text"],
        avg_logprob=body["avg_logprob"],
        model=body["model"],
        adapter=body["adapter"],
        pressure=body["pressure"],
        language=body["language"],
        tokens=tuple(Token(one["text"], one["logprob"]) for one in body["tokens"]),
        fallback=body["fallback"],
    )


def words_of(rows: Iterable[dict]) -> Iterable[Word]:
    return (Word(row["text"], row["start_ms"], row["end_ms"], row["probability"]) for row in rows)
