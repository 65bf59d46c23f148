"""A running dictation without sockets and rows: whatever happens, the last words are not lost."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from inference.consumers.asking import Fallback
from inference.consumers.hearing import EngineUnavailableError
from inference.consumers.live_run import Deaf, EndedByClient, LiveRun, Notice, Saved, Understood
from inference.services.spool import Spool
from inference.streaming.events import FinalWanted, Heard, Request, Untranscribed
from inference.streaming.options import SessionOptions
from inference.streaming.session import StreamingSession
from tests.inference.streaming.sounds import EnergyVad, pcm, silence, tone

Answer = Callable[[Request], Heard]


class Ear:
    """Answers by `answer`; while `open` is not set, nobody gets an answer."""

    def __init__(self, answer: Answer = lambda request: Heard("好")) -> None:
        self.answer = answer
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[Request] = []
        self.asked_for_final = asyncio.Event()

    async def hear(self, request: Request) -> Heard:
        self.asked.append(request)
        if isinstance(request, FinalWanted):
            self.asked_for_final.set()
        await self.open.wait()
        return self.answer(request)


class Told:
    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)

    def of(self, kind: type) -> list:
        return [notice for notice in self.notices if isinstance(notice, kind)]

    @property
    def texts(self) -> list[str]:
        return [understood.final.text for understood in self.of(Understood)]


@pytest.fixture
def place() -> str:
    return f"live/{uuid4()}.pcm"


@pytest.fixture
def spool(place: str) -> Spool:
    return Spool(place)


async def begun(spool: Spool, ear: Ear, options: SessionOptions | None = None) -> tuple[LiveRun, Told]:
    told = Told()
    streaming = StreamingSession(EnergyVad(), options or SessionOptions())
    run = LiveRun(spool, streaming, ear, told)
    await run.start()
    return run, told


async def speak(run: LiveRun, sound: bytes) -> None:
    for first in range(0, len(sound), 3200):
        await run.put(sound[first : first + 3200])


@pytest.mark.parametrize("seconds", [0.05, 0.3, 2.0])
async def test_stopping_in_the_middle_of_a_sound_gives_its_text(spool: Spool, seconds: float) -> None:
    run, told = await begun(spool, Ear())
    await speak(run, pcm(silence(1), tone(seconds)))
    await run.finish()
    assert told.texts == ["好"]
    assert told.of(Saved)[-1].saved_ms == round(1000 + seconds * 1000)


async def test_stopping_waits_for_a_slow_engine(spool: Spool) -> None:
    ear = Ear()
    ear.open.clear()
    run, told = await begun(spool, ear)
    await speak(run, pcm(tone(1)))
    stopping = asyncio.create_task(run.finish())
    await ear.asked_for_final.wait()
    assert not stopping.done() and not told.texts
    ear.open.set()
    await stopping
    assert told.texts == ["好"]


async def test_an_engine_that_is_away_for_the_last_words_is_asked_until_it_is_back(spool: Spool) -> None:
    refusals = iter([True, True])

    def answer(request: Request) -> Heard:
        if isinstance(request, FinalWanted) and next(refusals, False):
            raise EngineUnavailableError("away", retry_s=0.01)
        return Heard("好")

    run, told = await begun(spool, Ear(answer))
    await speak(run, pcm(tone(0.3)))
    await run.finish()
    assert told.texts == ["好"]
    assert told.of(Deaf) == [Deaf(True), Deaf(False)]


async def test_the_client_may_end_an_utterance_and_speak_on(spool: Spool) -> None:
    run, told = await begun(spool, Ear(), SessionOptions.of(ends_by_silence=False))
    await speak(run, pcm(tone(1)))
    await run.end_utterance()
    await speak(run, pcm(tone(1)))
    await run.end_utterance()
    await run.end_utterance()
    await run.finish()
    assert told.of(EndedByClient) == [EndedByClient(0), EndedByClient(1), EndedByClient(None)]
    assert told.texts == ["好", "好"]


async def test_a_lost_accelerator_is_told_once_and_so_is_its_return(spool: Spool) -> None:
    slow = iter([True, True, False, False])
    run, told = await begun(spool, Ear(lambda request: Heard("好", fallback=next(slow))))
    for _ in range(4):
        await speak(run, pcm(tone(0.2), silence(0.6)))  # too short for a partial
    await run.finish()
    assert told.of(Fallback) == [Fallback(True), Fallback(False)]
    assert len(told.texts) == 4


async def test_rejected_text_is_kept_and_not_shown(spool: Spool) -> None:
    heard = Heard("", flags=("known_phrase",), rejected_text="字幕志愿者", model="m")
    run, told = await begun(spool, Ear(lambda request: heard))
    await speak(run, pcm(tone(1)))
    await run.finish()
    (understood,) = told.of(Understood)
    assert (understood.final.text, understood.final.rejected_text) == ("", "字幕志愿者")
    assert not [n for n in told.notices if getattr(n, "text", "")]


async def test_a_session_that_was_let_go_in_mid_word_is_understood_by_who_carries_on(
    spool: Spool, place: str
) -> None:
    ear = Ear()
    ear.open.clear()
    run, told = await begun(spool, ear)
    await speak(run, pcm(tone(1), silence(0.2)))
    await ear.asked_for_final.wait()
    await run.abandon()
    assert not told.texts

    again, told = await begun(Spool(place), Ear())
    await again.finish()
    assert told.texts == ["好"]
    assert told.of(Understood)[0].final.end_ms > 1000


async def test_an_ear_that_fails_in_a_way_nobody_knew_ends_the_utterance_all_the_same(spool: Spool) -> None:
    def broken(request: Request) -> Heard:
        raise RuntimeError("nobody expected this")

    run, told = await begun(spool, Ear(broken))
    await speak(run, pcm(silence(0.5), tone(1), silence(1)))
    await run.finish()
    assert [one.utterance for one in told.of(Untranscribed)] == [0]
