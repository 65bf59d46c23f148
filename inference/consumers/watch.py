"""Watches a live session go by: figures for Prometheus, spans for traces. Changes nothing, knows no protocol.

A trace is one utterance, from the frame in which the voice began to its final text. An hour's session in one
trace would be thousands of spans; `session.id` keeps its utterances together.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from base import metrics, traces
from inference.streaming.events import (
    Event,
    Final,
    FinalWanted,
    Partial,
    Request,
    SpeechEnded,
    SpeechStarted,
    Untranscribed,
)


@dataclass(slots=True)
class _Utterance:
    span: traces.Span
    began_s: float  # monotonic: the voice began
    is_shown: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """The way of the newest frame; monotonic seconds."""

    arrived_s: float
    writing_s: float
    written_s: float


class Watch:
    """One per live session."""

    def __init__(self, session: UUID | None = None, protocol: str = "native") -> None:
        self._session = str(session or "")
        self._protocol = protocol
        self._utterances: dict[int, _Utterance] = {}
        self._frame: _Frame | None = None
        self._saved_ms = 0
        self._is_open = False

    def opened(self) -> None:
        if not self._is_open:
            self._is_open = True
            metrics.LIVE_SESSIONS.labels(self._protocol).inc()

    def closed(self) -> None:
        if self._is_open:
            self._is_open = False
            metrics.LIVE_SESSIONS.labels(self._protocol).dec()
        for utterance in self._utterances.values():
            utterance.span.end()
        self._utterances.clear()

    # --- sound ---

    @contextmanager
    def writing(self, frames: Sequence[bytes], arrived_s: float) -> Iterator[None]:
        """Around the write of `frames` to the disk, the last of which came at `arrived_s`."""
        writing_s = time.monotonic()
        try:
            yield
        except OSError:
            metrics.FRAMES_REFUSED.labels("disk").inc(len(frames))
            raise
        written_s = time.monotonic()
        self._frame = _Frame(arrived_s, writing_s, written_s)
        metrics.FRAMES.inc(len(frames))
        metrics.AUDIO_BYTES.inc(sum(len(frame) for frame in frames))
        metrics.DISK_WRITE_SECONDS.observe(written_s - writing_s)

    def listened(self, arrived_s: float, saved_ms: int) -> None:
        """All sound so far, `saved_ms` of it, went through the ears; its last frame came at `arrived_s`."""
        self._saved_ms = saved_ms
        metrics.LAG_SECONDS.observe(time.monotonic() - arrived_s)

    def engine_away(self, away: bool) -> None:
        if away:
            metrics.ENGINE_AWAY.inc()

    # --- text ---

    @contextmanager
    def asking(self, request: Request) -> Iterator[None]:
        """Around a question to the engine: what happens within is part of the utterance's trace."""
        utterance = self._utterances.get(request.utterance)
        with traces.within(
            "hear",
            parent=utterance.span if utterance else None,
            lane="final" if isinstance(request, FinalWanted) else "partial",
            audio_ms=request.end_ms - request.start_ms,
        ):
            yield

    def event(self, event: Event) -> None:
        """Whatever the streaming session says; what is nothing to watch is passed over."""
        match event:
            case SpeechStarted(utterance, at_ms):
                self._begin(utterance, at_ms)
            case SpeechEnded(utterance=utterance):
                self._mark(utterance, "speech ended", event.speech_end_ms)
            case Partial(utterance=utterance):
                self._shown(utterance)
            case Untranscribed(utterance=utterance):
                metrics.UNTRANSCRIBED.inc()
                self._end(utterance, None)

    def final(self, final: Final, latency_ms: int) -> None:
        metrics.FINALS.inc()
        metrics.FINAL_SECONDS.observe(latency_ms / 1000)
        if utterance := self._utterances.get(final.utterance):
            utterance.span.note(latency_ms=latency_ms)
        self._end(final.utterance, final)

    def _begin(self, index: int, at_ms: int) -> None:
        # The clock of the sound, put on the clock of the wall: the newest sound is from just now.
        now_s = self._frame.arrived_s if self._frame else time.monotonic()
        began_s = now_s - max(0, self._saved_ms - at_ms) / 1000
        span = traces.begin(
            "utterance",
            began_s=began_s,
            server=True,
            utterance=index,
            protocol=self._protocol,
            start_ms=at_ms,
        )
        span.note(**{"session.id": self._session})
        self._utterances[index] = _Utterance(span, began_s)
        self._frame_span(span)

    def _mark(self, index: int, event: str, at_ms: int) -> None:
        if utterance := self._utterances.get(index):
            utterance.span.event(event, at_ms=at_ms)
            self._frame_span(utterance.span)

    def _shown(self, index: int) -> None:
        metrics.PARTIALS.inc()
        utterance = self._utterances.get(index)
        if utterance and not utterance.is_shown:
            utterance.is_shown = True
            metrics.FIRST_PARTIAL_SECONDS.observe(time.monotonic() - utterance.began_s)
            utterance.span.event("first partial")

    def _end(self, index: int, final: Final | None) -> None:
        utterance = self._utterances.pop(index, None)
        if utterance is None:
            return
        if final is None:
            utterance.span.fail("untranscribed")
        else:
            utterance.span.note(
                end_ms=final.end_ms, flags=",".join(final.flags), **traces.text_of(final.text)
            )
        utterance.span.end()

    def _frame_span(self, span: traces.Span) -> None:
        """The frame that told: from the socket over the disk to the ears."""
        if self._frame:
            part = span.past("frame", self._frame.arrived_s, time.monotonic())
            part.past("disk", self._frame.writing_s, self._frame.written_s)
