"""One live session, sans-I/O: feed(pcm) -> events; recognition is asked by events, answered by result().

The same sound cut into chunks of any size gives the same utterances. Silence never asks for anything.
Knows nothing of sockets, engines, databases or the time of day.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from inference.streaming.buffer import AudioBuffer
from inference.streaming.clock import BYTES_PER_SAMPLE, to_ms, to_samples
from inference.streaming.endpoint import (
    FRAME_SAMPLES,
    Ended,
    Endpointer,
    EndpointOptions,
    Hangover,
    Paused,
    Resumed,
    Signal,
    Started,
    Vad,
)
from inference.streaming.events import (
    Event,
    Final,
    FinalWanted,
    Heard,
    Partial,
    PartialWanted,
    Request,
    SpeechEnded,
    SpeechStarted,
    Untranscribed,
)
from inference.streaming.policy import PartialOptions, PartialPace, StablePrefix


@dataclass(frozen=True, slots=True)
class SessionOptions:
    endpoint: EndpointOptions = field(default_factory=EndpointOptions)
    partial: PartialOptions = field(default_factory=PartialOptions)

    @classmethod
    def of(
        cls,
        *,
        hangover_ms: int | None = None,
        pre_roll_ms: int | None = None,
        threshold: float | None = None,
        partial_interval_ms: int | None = None,
        ends_by_silence: bool = True,
    ) -> "SessionOptions":
        """What a client asked for, the rest as it is by default. A given hangover holds whatever was said."""
        endpoint, partial = EndpointOptions(ends_by_silence=ends_by_silence), PartialOptions()
        if hangover_ms is not None:
            endpoint = replace(endpoint, hangover=Hangover.fixed(hangover_ms))
        if pre_roll_ms is not None:
            endpoint = replace(endpoint, pre_roll_ms=pre_roll_ms)
        if threshold is not None:
            released = min(threshold, endpoint.release_threshold)
            endpoint = replace(endpoint, threshold=threshold, release_threshold=released)
        if partial_interval_ms is not None:
            partial = replace(partial, interval_ms=partial_interval_ms)
        return cls(endpoint, partial)


@dataclass(slots=True)
class _Utterance:
    index: int
    prefix: StablePrefix = field(default_factory=StablePrefix)
    attempt: int = 0
    wanted: FinalWanted | None = None  # the request whose answer will be the final text
    early: Heard | None = None  # an answer that came before the pause was long enough
    ended: bool = False


class StreamingSession:
    """`start_ms` and `first_utterance` continue a session whose earlier part is settled."""

    def __init__(
        self,
        vad: Vad,
        options: SessionOptions = SessionOptions(),
        start_ms: int = 0,
        first_utterance: int = 0,
    ) -> None:
        self._options = options
        self._endpointer = Endpointer(vad, options.endpoint, start=to_samples(start_ms))
        self._buffer = AudioBuffer(start=to_samples(start_ms))
        self._odd_byte = b""
        self._next_index = first_utterance
        self._open: dict[int, _Utterance] = {}  # not final yet
        self._running: _Utterance | None = None
        self._partial_out: PartialWanted | None = None
        self._pace = PartialPace(self._options.partial)

    @property
    def received_ms(self) -> int:
        return to_ms(self._buffer.end)

    @property
    def unsettled(self) -> int:
        """Utterances that have no final text yet."""
        return len(self._open)

    def waits_for(self, request: Request) -> bool:
        """Will the answer to `request` become somebody's final text?"""
        utterance = self._open.get(request.utterance)
        return utterance is not None and request is utterance.wanted

    def feed(self, pcm: bytes) -> list[Event]:
        """`pcm`: PCM16 little-endian, 16 kHz, mono, of any length (a split sample is put together again)."""
        data = self._odd_byte + pcm
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd_byte = data[whole:]
        self._buffer.append(np.frombuffer(data[:whole], dtype="<i2").astype(np.int16))
        events: list[Event] = []
        while self._endpointer.position + FRAME_SAMPLES <= self._buffer.end:
            at = self._endpointer.position
            events += self._frame(self._buffer.cut(at, at + FRAME_SAMPLES))
        self._buffer.drop_before(min(self._endpointer.start, self._endpointer.position))
        return events

    def finish(self) -> list[Event]:
        """No more sound comes: the running utterance ends and its final text is asked for."""
        end = self._buffer.end
        rest = end - self._endpointer.position
        events: list[Event] = []
        if rest:
            events += self.feed(bytes((FRAME_SAMPLES - rest) * BYTES_PER_SAMPLE))
        for signal in self._endpointer.finish(limit=end):
            events += self._signal(signal)
        return events

    def end_utterance(self) -> list[Event]:
        """The client ends what runs now (OpenAI's commit, Deepgram's Finalize); sound may go on after it.

        Nothing when nobody speaks.
        """
        events: list[Event] = []
        for signal in self._endpointer.finish(limit=self._buffer.end):
            events += self._signal(signal)
        return events

    def reopen(self, index: int, start_ms: int, end_ms: int, pcm: bytes) -> list[Event]:
        """An utterance from before the session was continued that has no text yet: it is asked for again."""
        utterance = _Utterance(index, ended=True)
        utterance.wanted = FinalWanted(index, 1, pcm, start_ms, end_ms, end_ms - start_ms)
        self._open[index] = utterance
        return [utterance.wanted]

    def result(self, request: Request, heard: Heard) -> list[Event]:
        """The recogniser's answer to `request`. Answers that nobody waits for any more give nothing."""
        utterance = self._open.get(request.utterance)
        if request is self._partial_out:
            self._partial_out = None
            self._pace.answered(self._endpointer.position)
        if utterance is None:
            return []
        if isinstance(request, FinalWanted) and request is utterance.wanted:
            if utterance.ended:
                return [self._final(utterance, request, heard)]
            utterance.early = heard
            return []
        if utterance.ended or utterance.wanted is not None or not heard.text:
            return []
        return [Partial(utterance.index, heard.text, utterance.prefix.push(heard.text), request.start_ms)]

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

    def _frame(self, samples: np.ndarray) -> list[Event]:
        events: list[Event] = []
        for signal in self._endpointer.push(samples.astype(np.float32) / 32768.0):
            events += self._signal(signal)
        return events + self._partial()

    def _signal(self, signal: Signal) -> list[Event]:
        match signal:
            case Started(start):
                self._running = _Utterance(self._next_index)
                self._pace.begin()
                self._open[self._next_index] = self._running
                self._next_index += 1
                return [SpeechStarted(self._running.index, to_ms(start))]
            case Paused():
                return self._ask_final(signal)
            case Resumed() if self._running:
                self._running.wanted = self._running.early = None
                return []
            case Ended():
                return self._ended(signal)
        return []

    def _ended(self, signal: Ended) -> list[Event]:
        utterance, self._running = self._running, None
        if utterance is None:
            return []
        utterance.ended = True
        events: list[Event] = [
            SpeechEnded(
                utterance.index,
                to_ms(signal.start),
                to_ms(signal.end),
                to_ms(signal.speech_end),
                to_ms(self._endpointer.position),
            )
        ]
        if utterance.wanted is None or utterance.wanted.end_ms != to_ms(signal.end):
            self._running = utterance
            events += self._ask_final(signal)
            self._running = None
        elif utterance.early is not None:
            events.append(self._final(utterance, utterance.wanted, utterance.early))
        return events

    def _ask_final(self, signal: Paused | Ended) -> list[Event]:
        utterance = self._running
        if utterance is None:
            return []
        utterance.attempt += 1
        utterance.early = None
        utterance.wanted = FinalWanted(
            utterance.index,
            utterance.attempt,
            self._buffer.cut(signal.start, signal.end).tobytes(),
            to_ms(signal.start),
            to_ms(signal.end),
            to_ms(signal.speech),
        )
        return [utterance.wanted]

    def _partial(self) -> list[Event]:
        utterance, ear = self._running, self._endpointer
        if utterance is None or utterance.wanted is not None or self._partial_out is not None:
            return []
        if not self._pace.due(ear.position, ear.speech):
            return []
        self._pace.asked(ear.position)
        pcm = self._buffer.cut(ear.start, ear.position).tobytes()
        self._partial_out = PartialWanted(
            utterance.index, pcm, to_ms(ear.start), to_ms(ear.position), to_ms(ear.speech)
        )
        return [self._partial_out]

    def _final(self, utterance: _Utterance, request: FinalWanted, heard: Heard) -> Final:
        del self._open[utterance.index]
        offset = request.start_ms
        words = tuple(
            replace(word, start_ms=word.start_ms + offset, end_ms=word.end_ms + offset)
            for word in heard.words
        )
        return Final(
            utterance.index,
            heard.text,
            words,
            heard.flags,
            request.start_ms,
            request.end_ms,
            rejected_text=heard.rejected_text,
            avg_logprob=heard.avg_logprob,
            model=heard.model,
            adapter=heard.adapter,
            language=heard.language,
            tokens=heard.tokens,
        )
