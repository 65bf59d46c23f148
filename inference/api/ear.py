"""Asks the engine for the utterances of one file, in the lane for work that nobody waits for.

Several are under way at a time, so that they fill a batch; texts come in the order of the sound.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx

from inference.api.problems import BadRequest, Busy
from inference.api.sound import Sound
from inference.consumers.hearing import TIMEOUT, EngineClient, words_of
from inference.services.engines import engine_addresses
from speech.types import Hypothesis, Span, Token

AT_ONCE = 4
PATIENCE_S = 60.0  # how long a full engine is asked again, for one utterance


@dataclass(frozen=True, slots=True)
class Settings:
    """What all utterances of a file are heard with."""

    model: str
    language: str
    prompt: str = ""
    hotwords: tuple[str, ...] = ()
    word_times: bool = False


@dataclass(frozen=True, slots=True)
class HeardUtterance:
    """Times of words and span count from the beginning of the file."""

    number: int
    span: Span
    hypothesis: Hypothesis
    flags: tuple[str, ...] = ()


async def utterances_heard(sound: Sound, settings: Settings) -> AsyncIterator[HeardUtterance]:
    """In order. Raises Busy or BadRequest."""
    waiting: deque[asyncio.Task[HeardUtterance]] = deque()
    async with httpx.AsyncClient(
        timeout=TIMEOUT,
        transport=EngineClient.transport,
        trust_env=False,
        headers={"X-Session": f"file-{uuid4()}"},
    ) as client:
        try:
            for number, span in enumerate(sound.utterances):
                waiting.append(asyncio.create_task(_hear(client, sound, number, span, settings)))
                if len(waiting) == AT_ONCE:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def _hear(
    client: httpx.AsyncClient, sound: Sound, number: int, span: Span, settings: Settings
) -> HeardUtterance:
    query = {
        "model": settings.model,
        "language": settings.language,
        "prompt": settings.prompt,
        "hotwords": list(settings.hotwords),
        "word_times": int(settings.word_times),
        "speech_ms": sound.speech_ms(span),
        "lane": "batch",
    }
    body = await _answer(client, query, sound.cut(span))
    words = tuple(
        replace(word, start_ms=word.start_ms + span.start_ms, end_ms=word.end_ms + span.start_ms)
        for word in words_of(body["words"])
    )
    hypothesis = Hypothesis(
        text=body["text"],
        tokens=tuple(Token(one["text"], one["logprob"]) for one in body["tokens"]),
        words=words,
        avg_logprob=body["avg_logprob"],
        no_speech_prob=body["no_speech_prob"],
        compression_ratio=body["compression_ratio"],
        language=body["language"],
    )
    return HeardUtterance(number, span, hypothesis, tuple(body["flags"]))


async def _answer(client: httpx.AsyncClient, query: dict, pcm: bytes) -> dict:
    until_s = time.monotonic() + PATIENCE_S
    addresses = deque(engine_addresses())
    while True:
        retry_s = 1.0
        with contextlib.suppress(httpx.HTTPError):
            answer = await client.post(f"{addresses[0]}/v1/transcribe", params=query, content=pcm)
            if answer.status_code == 200:
                return answer.json()
            if answer.status_code in {400, 404, 422}:
                problem = answer.json()
                code, message = problem.get("code", "refused"), problem.get("message", "Refused.")
                param = {"unknown_language": "language", "unknown_model": "model"}.get(code)
                raise BadRequest(code, message, param=param)
            retry_s = float(answer.headers.get("Retry-After", 1))
        addresses.rotate(-1)  # the next engine, where there are several
        if time.monotonic() + retry_s > until_s:
            raise Busy("engine_busy", "Recognition is busy or away; try again later.", retry_s)
        await asyncio.sleep(retry_s)
