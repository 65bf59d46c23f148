"""N people dictate at once, in real time, staggered. Knows no server: clients are made by whoever calls.

A person who is refused or cut off is a result, not an error: their sound is lost.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.live.gold import Dictation
from benchmarks.live.microphone import Microphone
from benchmarks.live.screen import Screen
from benchmarks.live_client import LiveRefusedError

STAGGER_S = 2.0  # everybody has begun within this time
PATIENCE_S = 120.0  # after the last word


class LiveClient(Protocol):
    """One person's connection. Speaks the microphone's packets, writes to the screen; raises
    LiveRefusedError or TimeoutError."""

    async def dictate(self, microphone: Microphone, screen: Screen) -> None: ...


@dataclass(frozen=True, slots=True)
class Take:
    dictation: Dictation
    screen: Screen = field(default_factory=Screen)


async def together(
    clients: int, client_of: Callable[[], LiveClient], dictations: Sequence[Dictation], pace: float = 1.0
) -> list[Take]:
    """`clients` people, the dictations in turn."""
    rng = random.Random(clients)
    starts_s = sorted(rng.uniform(0, STAGGER_S / pace) for _ in range(clients))
    takes = [Take(dictations[i % len(dictations)]) for i in range(clients)]
    speakers = [_speak(take, client_of(), at_s, pace) for take, at_s in zip(takes, starts_s, strict=True)]
    await asyncio.gather(*speakers)
    return takes


async def _speak(take: Take, client: LiveClient, at_s: float, pace: float) -> None:
    await asyncio.sleep(at_s)
    limit_s = take.dictation.duration_ms / 1000 / pace + PATIENCE_S
    try:
        microphone = Microphone(take.dictation.pcm, pace, take.dictation.rounds)
        await asyncio.wait_for(client.dictate(microphone, take.screen), limit_s)
    except LiveRefusedError as refused:
        take.screen.problem = str(refused)
    except TimeoutError:
        take.screen.problem = f"no end within {PATIENCE_S:.0f} s after the last word"
