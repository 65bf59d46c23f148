"""One live session, sans-I/O: feed(pcm) -> events; recognition is asked by events, answered by result().

The same sound cut into chunks of any size gives the same utterances. Silence never asks for anything.
Knows nothing of sockets, engines, databases or the time of day.
"""

from collections.abc import Iterable

import numpy as np

from inference.streaming.buffer import AudioBuffer
from inference.streaming.clock import BYTES_PER_SAMPLE, to_ms, to_samples
from inference.streaming.completeness import ending_of
from inference.streaming.endpoint import FRAME_SAMPLES, Endpointer, Vad
from inference.streaming.events import (
    Event,
    FinalWanted,
    Heard,
    PartialWanted,
    Request,
    SpeechEnded,
    SpeechStarted,
    Untranscribed,
)
from inference.streaming.options import DEFAULT_SESSION, EndpointOptions, PartialOptions, SessionOptions
from inference.streaming.pace import PartialPace
from inference.streaming.signals import Ended, Paused, Resumed, Signal, Started
from inference.streaming.utterance import Utterance

__all__ = ["EndpointOptions", "PartialOptions", "SessionOptions", "StreamingSession"]


class StreamingSession:
    """`start_ms` and `first_utterance` continue a session whose earlier part is settled."""

    def __init__(
        self,
        vad: Vad,
        options: SessionOptions = DEFAULT_SESSION,
        start_ms: int = 0,
        first_utterance: int = 0,
    ) -> None:
        self._options = options
        self._endpointer = Endpointer(vad, options.endpoint, start=to_samples(start_ms))
        self._buffer = AudioBuffer(start=to_samples(start_ms))
        self._odd_byte = b""
        self._next_index = first_utterance
        self._open: dict[int, Utterance] = {}  # not final yet
        self._running: Utterance | None = None
        self._partial_out: PartialWanted | None = None
        self._pace = PartialPace(options.partial)
        self._over_at: int | None = None  # no sound is behind this sample

    @property
    def received_ms(self) -> int:
        return to_ms(self._buffer.end)

    @property
    def settled_ms(self) -> int:
        """No utterance that begins or goes on from here needs what was said before."""
        return to_ms(min(self._endpointer.start, self._endpointer.position))

    @property
    def unsettled(self) -> int:
        """Utterances that have no final text yet."""
        return len(self._open)

    def waits_for(self, request: Request) -> bool:
        """Will the answer to `request` become somebody's final text?"""
        utterance = self._open.get(request.utterance)
        return utterance is not None and request is utterance.wanted

    # --- sound ---

    def feed(self, pcm: bytes) -> list[Event]:
        """`pcm`: PCM16 little-endian, 16 kHz, mono, of any length (a split sample is put together again)."""
        data = self._odd_byte + pcm
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd_byte = data[whole:]
        self._buffer.append(np.frombuffer(data[:whole], dtype="<i2").astype(np.int16))
        events = self._listen()
        self._buffer.drop_before(min(self._endpointer.start, self._endpointer.position))
        return events

    def end_utterance(self) -> list[Event]:
        """The client ends what runs now (OpenAI's commit, Deepgram's Finalize); sound may go on after it.

        Nothing when nobody speaks.
        """
        return self._signals(self._endpointer.finish(limit=self._buffer.end))

    def finish(self) -> list[Event]:
        """No more sound comes: the running utterance ends and its final text is asked for."""
        self._over_at = end = self._buffer.end
        rest = end - self._endpointer.position
        events = self.feed(bytes((FRAME_SAMPLES - rest) * BYTES_PER_SAMPLE)) if rest else []
        return events + self._signals(self._endpointer.finish(limit=end))

    # --- answers ---

    def reopen(self, index: int, start_ms: int, end_ms: int, pcm: bytes) -> list[Event]:
        """An utterance from before the session was continued that has no text yet: it is asked for again."""
        utterance = Utterance(index, start_ms, ended=True)
        utterance.wanted = FinalWanted(index, 1, pcm, start_ms, end_ms, end_ms - start_ms)
        self._open[index] = utterance
        return [utterance.wanted]

    def result(self, request: Request, heard: Heard) -> list[Event]:
        """The recogniser's answer to `request`. Answers that nobody waits for any more give nothing."""
        self._pace.pressed(heard.pressure)
        if request is self._partial_out:
            self._partial_out = None
            self._pace.answered(self._endpointer.position)
        utterance = self._open.get(request.utterance)
        if utterance is None:
            return []
        if isinstance(request, FinalWanted) and request is utterance.wanted:
            if utterance.ended:
                return self._final(utterance, request, heard)
            return self._early(utterance, request, heard)
        if utterance.ended or utterance.wanted is not None:
            return []
        return self._shown(utterance, request, heard)

    def failed(self, request: Request) -> list[Event]:
        """The recogniser will not answer `request`."""
        utterance = self._open.get(request.utterance)
        if request is self._partial_out:
            self._partial_out = None
        if utterance is None or request is not utterance.wanted:
            return []
        if not utterance.ended:
            utterance.wanted = None  # asked again when the utterance really ends
            return []
        del self._open[utterance.index]
        return [Untranscribed(utterance.index, request.start_ms, request.end_ms)]

    def _early(self, utterance: Utterance, request: FinalWanted, heard: Heard) -> list[Event]:
        """The text is here before the pause is long enough: it says how long that must be."""
        utterance.early = heard
        ended = self._signals(self._endpointer.expect(ending_of(heard)))
        return ended or self._shown(utterance, request, heard)

    def _shown(self, utterance: Utterance, request: Request, heard: Heard) -> list[Event]:
        said_ms = request.end_ms - utterance.start_ms
        return [*utterance.partial(request, heard, said_ms <= self._options.endpoint.settled_ms)]

    def _final(self, utterance: Utterance, request: FinalWanted, heard: Heard) -> list[Event]:
        del self._open[utterance.index]
        return [*utterance.final(request, heard)]

    # --- frames and what they mean ---

    def _listen(self) -> list[Event]:
        """All whole frames that have come, in one run of the voice detector."""
        at = self._endpointer.position
        count = (self._buffer.end - at) // FRAME_SAMPLES
        if not count:
            return []
        samples = self._buffer.cut(at, at + count * FRAME_SAMPLES)
        frames = samples.reshape(count, FRAME_SAMPLES).astype(np.float32) / 32768.0
        events: list[Event] = []
        for signals in self._endpointer.push(frames):
            events += self._signals(signals)
            events += self._partial()
        return events

    def _signals(self, signals: Iterable[Signal]) -> list[Event]:
        return [event for signal in signals for event in self._signal(signal)]

    def _signal(self, signal: Signal) -> list[Event]:
        match signal:
            case Started(start):
                self._running = Utterance(self._next_index, to_ms(start))
                self._pace.begin()
                self._open[self._next_index] = self._running
                self._next_index += 1
                return [SpeechStarted(self._running.index, to_ms(start))]
            case Paused() if self._running:
                # Its answer is as good as a partial, until there is new sound.
                self._pace.asked(self._endpointer.position, self._endpointer.speech)
                return [self._ask_final(self._running, signal)]
            case Resumed() if self._running:
                self._running.wanted = self._running.early = None
            case Ended() if self._running:
                return self._ended(self._running, signal)
        return []

    def _ended(self, utterance: Utterance, signal: Ended) -> list[Event]:
        utterance.ended, self._running = True, None
        events: list[Event] = [
            SpeechEnded(
                utterance.index,
                to_ms(signal.start),
                to_ms(signal.end),
                to_ms(signal.speech_end),
                to_ms(self._endpointer.position),
            )
        ]
        # What the pause asked for is still wanted: a voice that had gone on would have made it void.
        if utterance.wanted is None:
            events.append(self._ask_final(utterance, signal))
        elif utterance.early is not None:
            events += self._final(utterance, utterance.wanted, utterance.early)
        return events

    def _ask_final(self, utterance: Utterance, signal: Paused | Ended) -> FinalWanted:
        end = signal.end if self._over_at is None else min(signal.end, self._over_at)
        utterance.attempt += 1
        utterance.early = None
        utterance.wanted = FinalWanted(
            utterance.index,
            utterance.attempt,
            self._buffer.cut(signal.start, end).tobytes(),
            to_ms(signal.start),
            to_ms(end),
            to_ms(signal.speech),
        )
        return utterance.wanted

    def _partial(self) -> list[Event]:
        utterance, ear = self._running, self._endpointer
        if utterance is None or utterance.wanted is not None or self._partial_out is not None:
            return []
        if not self._pace.due(ear.position, ear.speech):
            return []
        self._pace.asked(ear.position, ear.speech)
        start, end = self._window_start(), ear.position
        self._partial_out = PartialWanted(
            utterance.index,
            self._buffer.cut(start, end).tobytes(),
            to_ms(start),
            to_ms(end),
            to_ms(min(ear.speech, end - start)),
        )
        return [self._partial_out]

    def _window_start(self) -> int:
        """Of a long utterance the last part, from a quiet moment on."""
        ear, window = self._endpointer, to_samples(self._options.partial.window_ms)
        first = ear.position - window
        return ear.start if first <= ear.start else ear.quietest(first, first + window // 4)
