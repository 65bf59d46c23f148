"""What breaks while people dictate, and when. Each kind happens at least once."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence

from benchmarks.chaos.processes import Postgres, Process
from benchmarks.chaos.speaker import Speaker

DOWN_S = (0.5, 3.0)  # how long something stays away


class Accidents:
    def __init__(
        self,
        speakers: Sequence[Speaker],
        webs: Sequence[Process],
        engine: Process,
        postgres: Postgres | None,
        rng: random.Random,
    ) -> None:
        self._speakers, self._webs, self._engine, self._postgres = speakers, webs, engine, postgres
        self._rng = rng
        self.enough = False
        self.happened: Counter[str] = Counter()

    async def go_on(self, pause_s: float) -> None:
        """One accident after the other, each to its end, until it is `enough`."""
        kinds = [*self._kinds()]
        due = [*kinds]
        while not self.enough:
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * pause_s)
            # Sockets break more often than machines.
            kind = due.pop() if due else self._rng.choice([kinds[0], kinds[0], *kinds])
            await kind()
            self.happened[kind.__name__] += 1

    @property
    def missing(self) -> list[str]:
        """Kinds that have not happened."""
        return [kind.__name__ for kind in self._kinds() if not self.happened[kind.__name__]]

    def _kinds(self) -> list[Callable]:
        kinds = [self.sockets_cut, self.web_killed, self.engine_killed]
        return [*kinds, self.database_restarted] if self._postgres else kinds

    async def sockets_cut(self) -> None:
        while not (talking := [one for one in self._speakers if one.is_connected]):
            if self.enough:
                return
            await asyncio.sleep(0.05)
        for speaker in self._rng.sample(talking, k=min(len(talking), max(1, len(talking) // 4))):
            speaker.cut()

    async def web_killed(self) -> None:
        await self._killed(self._rng.choice(list(self._webs)))

    async def engine_killed(self) -> None:
        await self._killed(self._engine)

    async def database_restarted(self) -> None:
        assert self._postgres
        await asyncio.to_thread(self._postgres.stop)
        await asyncio.sleep(self._rng.uniform(*DOWN_S))
        await asyncio.to_thread(self._postgres.start)

    async def _killed(self, process: Process) -> None:
        await asyncio.to_thread(process.kill)
        await asyncio.sleep(self._rng.uniform(*DOWN_S))
        await asyncio.to_thread(process.start)
