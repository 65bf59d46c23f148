"""What an engine survives: people at its warm-up, askers who go away, an error of its own watch."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from inference.engine import engine as module
from inference.engine.asks import Ask
from inference.engine.engine import Engine
from inference.engine.queue import FairQueue, QueueOptions
from speech.backends.fake import FakeRecognizer
from tests.inference.engine.test_app import CONFIG


@asynccontextmanager
async def running(loader: Callable[..., FakeRecognizer] = FakeRecognizer) -> AsyncIterator[Engine]:
    engine = Engine(CONFIG, loader)
    await engine.start()
    yield engine
    await engine.stop()


def ask(session: str, model: str = "") -> Ask:
    return Ask(np.zeros(16_000, np.float32), model, session=session)


async def test_it_is_ready_although_the_partials_of_its_warm_up_gave_way() -> None:
    async with running() as engine:
        engine.batcher._queue = FairQueue(QueueOptions(stale_s=-1.0))  # every partial is too old
        await engine.warm_up()
        assert engine.problem == ""
        assert engine.metrics.text().count('reason="stale"')
        assert engine.admission.capacity < float("inf")


async def test_who_goes_away_does_not_cancel_the_load_that_others_wait_for() -> None:
    gate = threading.Event()

    def slow(ref: str) -> FakeRecognizer:
        gate.wait(5)
        return FakeRecognizer(ref)

    async with running(slow) as engine:
        first = asyncio.create_task(engine.hear(ask("a")))  # keeps the loader busy: the next waits in line
        gone, other = (asyncio.create_task(engine.hear(ask(one, "fake:一"))) for one in "bc")
        await asyncio.sleep(0.05)
        gone.cancel()
        await asyncio.sleep(0.05)
        gate.set()
        assert (await first).checked.hypothesis.text == "病人血壓一百四十"
        assert (await other).checked.hypothesis.text == "一"
        assert (await engine.hear(ask("later", "fake:一"))).checked.hypothesis.text == "一"


async def test_the_watch_goes_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0.001)
    async with running() as engine:
        looked = []

        def observe_load() -> None:
            looked.append(len(looked))
            if len(looked) == 1:
                raise RuntimeError("deque mutated during iteration")

        monkeypatch.setattr(engine, "observe_load", observe_load)
        await asyncio.sleep(0.1)
        assert len(looked) > 1
