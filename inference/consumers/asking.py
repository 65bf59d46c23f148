"""Asks a recogniser until it answers, nobody needs the answer any more, or time is up; tells how it fares.

Knows nothing of sound, sockets or rows.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from inference.consumers.hearing import EngineUnavailableError, SupersededError
from inference.consumers.watch import Watch
from inference.streaming.events import Heard, Request

logger = logging.getLogger(__name__)

GIVE_UP_S = 30.0  # how long the text of one utterance is asked for


class Ear(Protocol):
    """Raises SupersededError or EngineUnavailableError."""

    async def hear(self, request: Request) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Deaf:
    """The engine does not answer (True) or answers again (False); the sound is kept either way."""

    deaf: bool


@dataclass(frozen=True, slots=True)
class Fallback:
    """The engine lost its accelerator and goes on more slowly (True), or has it back (False)."""

    active: bool


class Asking:
    """`needed`: is somebody's final text still waiting for this request?"""

    def __init__(
        self,
        ear: Ear,
        tell: Callable[[Deaf | Fallback], Awaitable[None]],
        needed: Callable[[Request], bool],
        watch: Watch,
    ) -> None:
        self._ear = ear
        self._tell = tell
        self._needed = needed
        self._watch = watch
        self._deaf = self._fallback = False

    async def ask(self, request: Request) -> Heard | None:
        until_s = time.monotonic() + GIVE_UP_S
        while True:
            try:
                with self._watch.asking(request):
                    heard = await self._ear.hear(request)
            except SupersededError:
                return None
            except EngineUnavailableError as error:
                # Said once: partial texts are asked for several times a second.
                logger.log(
                    logging.DEBUG if self._deaf else logging.WARNING, "the engine did not hear: %s", error
                )
                await self._is_deaf(True)
                is_late = error.retry_s is None or time.monotonic() + error.retry_s > until_s
                if is_late or not self._needed(request):
                    return None
                await asyncio.sleep(error.retry_s or 0)
            else:
                await self._is_deaf(False)
                await self._has_fallen_back(heard.fallback)
                return heard

    async def _is_deaf(self, deaf: bool) -> None:
        if deaf != self._deaf:
            self._deaf = deaf
            self._watch.engine_away(deaf)
            await self._tell(Deaf(deaf))

    async def _has_fallen_back(self, active: bool) -> None:
        if active != self._fallback:
            self._fallback = active
            await self._tell(Fallback(active))
