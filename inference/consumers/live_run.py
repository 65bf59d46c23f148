"""One running dictation: frames in, disk first, then ears; answers out. Outlives a broken connection.

One pump task writes and listens in order, so that receiving never waits for a disk or an engine. The
streaming session is touched only under the lock `_ears`. No protocol and no rows here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from inference.consumers.asking import Asking, Deaf, Ear, Fallback
from inference.consumers.watch import Watch
from inference.services.spool import Spool
from inference.streaming.events import Event, Final, FinalWanted, PartialWanted, Request, SpeechEnded
from inference.streaming.session import StreamingSession

logger = logging.getLogger(__name__)

INBOX_FRAMES = 600  # a minute of sound at 100 ms a frame, then the sender has to wait
# Half a second of sound takes the voice detector about a millisecond, and a thread for it costs more than it
# frees; what has piled up, or is read again from the disk, must not hold the others up.
INLINE_BYTES = 16_000
TAIL_S = 60.0  # how long the last texts are waited for after a stop


@dataclass(frozen=True, slots=True)
class Frame:
    seq: int
    pcm: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Saved:
    """Everything up to this frame is on the disk."""

    seq: int
    saved_ms: int


@dataclass(frozen=True, slots=True)
class NotSaved:
    """The disk refused. The frames from `next_seq` on must come again."""

    next_seq: int


@dataclass(frozen=True, slots=True)
class Understood:
    final: Final
    latency_ms: int


class EndUtterance:
    """In line behind the frames: what is being said ends here, by the client's word."""


@dataclass(frozen=True, slots=True)
class EndedByClient:
    """The client's word was followed: `utterance` ended by it, None when nobody spoke."""

    utterance: int | None


Notice = Saved | NotSaved | Deaf | Fallback | Understood | EndedByClient | Event


class LiveRun:
    """`tell` gets every notice, in order of happening; it must not raise."""

    def __init__(
        self,
        spool: Spool,
        streaming: StreamingSession,
        ear: Ear,
        tell: Callable[[Notice], Awaitable[None]],
        watch: Watch | None = None,
    ) -> None:
        self._watch = watch or Watch()
        self._spool = spool
        self._streaming = streaming
        self._tell = tell
        self._asking = Asking(ear, tell, streaming.waits_for, self._watch)
        self.next_seq = spool.next_seq
        self._inbox: asyncio.Queue[Frame | EndUtterance | None] = asyncio.Queue(INBOX_FRAMES)
        self._ears = asyncio.Lock()
        self._hearing: set[asyncio.Task[None]] = set()
        self._certain_at: dict[int, tuple[float, int]] = {}  # utterance -> (when, ms since the voice ended)
        self._pump: asyncio.Task[None] | None = None
        self.is_started = False

    @property
    def saved_ms(self) -> int:
        return self._spool.saved_ms

    @property
    def settled_ms(self) -> int:
        """All that was said before has been told. True while a notice of the pump is being told, only."""
        return self._streaming.settled_ms

    @property
    def saved_seq(self) -> int:
        return self._spool.next_seq - 1

    async def start(self, heard_until_ms: int = 0, unheard: Sequence[tuple[int, int, int]] = ()) -> None:
        """Listens again to what was saved and not understood yet, then takes frames.

        `unheard`: (index, start_ms, end_ms) of utterances before that which have no text.
        """
        self.is_started = True
        now_s = time.monotonic()
        await self.hear_again(unheard)
        for pcm in self._spool.read(heard_until_ms):
            await self._listen([Frame(-1, pcm, now_s)])
        self._pump = asyncio.create_task(self._work(), name="live pump")

    async def hear_again(self, unheard: Sequence[tuple[int, int, int]]) -> None:
        """Utterances that were cut already and have no text: (index, start_ms, end_ms), from the disk."""
        for index, start_ms, end_ms in unheard:
            pieces = await asyncio.to_thread(lambda span: list(self._spool.read(*span)), (start_ms, end_ms))
            now_s = time.monotonic()
            self._certain_at[index] = (now_s, 0)
            async with self._ears:
                events = self._streaming.reopen(index, start_ms, end_ms, b"".join(pieces))
            await self._handle(events, now_s)

    async def put(self, pcm: bytes) -> None:
        """The frame number `next_seq`. Waits only when a minute of sound is in line already."""
        frame = Frame(self.next_seq, pcm, time.monotonic())
        self.next_seq += 1
        await self._inbox.put(frame)

    async def end_utterance(self) -> None:
        """The client ends what is being said, after all frames put so far."""
        await self._inbox.put(EndUtterance())

    async def finish(self, before_release: Callable[[], Awaitable[object]] | None = None) -> None:
        """All sound is in: on return it is saved, and every utterance has its text or was given up."""
        await self._inbox.put(None)
        if self._pump:
            await asyncio.wait({self._pump})
            if error := self._pump.exception():  # the sound must be let go of all the same
                logger.error("the pump of %s died", self._spool.path, exc_info=error)
        if self._hearing:
            _done, late = await asyncio.wait(self._hearing, timeout=TAIL_S)
            for task in late:
                task.cancel()
        if before_release:
            await before_release()
        await asyncio.to_thread(self._spool.close)

    async def abandon(self, before_release: Callable[[], Awaitable[object]] | None = None) -> None:
        """Let go at once, without an end: once it is released, somebody else carries on from the disk."""
        tasks = [task for task in (self._pump, *self._hearing) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if before_release:
            await before_release()
        await asyncio.to_thread(self._spool.close)

    async def _work(self) -> None:
        finished = False
        while not finished:
            batch = [await self._inbox.get()]
            while not self._inbox.empty():
                batch.append(self._inbox.get_nowait())
            finished = None in batch
            await self._in_order(batch)
        async with self._ears:
            events = await asyncio.to_thread(self._streaming.finish)
        await self._handle(events, time.monotonic())

    async def _in_order(self, batch: list[Frame | EndUtterance | None]) -> None:
        """Frames in a row are taken at once; a word of the client between them parts them."""
        frames: list[Frame] = []
        for item in batch:
            if isinstance(item, Frame):
                frames.append(item)
            elif isinstance(item, EndUtterance):
                await self._take(frames)
                frames = []
                async with self._ears:
                    events = self._streaming.end_utterance()
                await self._handle(events, time.monotonic())
                ended = [event.utterance for event in events if isinstance(event, SpeechEnded)]
                await self._tell(EndedByClient(ended[0] if ended else None))
        await self._take(frames)

    async def _take(self, frames: list[Frame]) -> None:
        # After a refused write, what was in line behind it is void: it comes again under its old number.
        first = self._spool.next_seq
        frames = [frame for at, frame in enumerate(frames, start=first) if frame.seq == at]
        if not frames:
            return
        try:
            with self._watch.writing([frame.pcm for frame in frames], frames[-1].arrived_s):
                await asyncio.to_thread(self._spool.append, [frame.pcm for frame in frames])
        except OSError:
            logger.exception("live sound cannot be written to %s", self._spool.path)
            self.next_seq = self._spool.next_seq
            await self._tell(NotSaved(self.next_seq))
            return
        await self._tell(Saved(self.saved_seq, self.saved_ms))
        await self._listen(frames)

    async def _listen(self, frames: list[Frame]) -> None:
        def feed() -> list[tuple[float, list[Event]]]:
            return [(frame.arrived_s, self._streaming.feed(frame.pcm)) for frame in frames]

        async with self._ears:
            is_little = sum(len(frame.pcm) for frame in frames) <= INLINE_BYTES
            found = feed() if is_little else await asyncio.to_thread(feed)
        self._watch.listened(frames[-1].arrived_s, self.saved_ms)
        for arrived_s, events in found:
            await self._handle(events, arrived_s)

    async def _handle(self, events: list[Event], at_s: float) -> None:
        for event in events:
            self._watch.event(event)
            match event:
                case PartialWanted() | FinalWanted():
                    task = asyncio.create_task(self._hear(event))
                    self._hearing.add(task)
                    task.add_done_callback(self._hearing.discard)
                case SpeechEnded(utterance=utterance):
                    self._certain_at[utterance] = (at_s, event.detected_ms - event.speech_end_ms)
                    await self._tell(event)
                case Final():
                    understood = Understood(event, self._latency_ms(event.utterance))
                    self._watch.final(understood.final, understood.latency_ms)
                    await self._tell(understood)
                case _:
                    await self._tell(event)

    def _latency_ms(self, utterance: int) -> int:
        """From the last voiced sound to now: the hangover in sound time, the rest by the clock."""
        certain_s, hangover_ms = self._certain_at.pop(utterance, (time.monotonic(), 0))
        return hangover_ms + round((time.monotonic() - certain_s) * 1000)

    async def _hear(self, request: Request) -> None:
        try:
            heard = await self._asking.ask(request)
        except Exception:  # the edge of a task; an utterance ends, whatever went wrong with it
            logger.exception("asking for the text of an utterance")
            heard = None
        async with self._ears:
            if heard is None:
                events = self._streaming.failed(request)
            else:
                events = self._streaming.result(request, heard)
        await self._handle(events, time.monotonic())
