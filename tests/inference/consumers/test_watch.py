"""What a live session leaves behind for whoever watches over the service: figures and spans."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from base import traces
from inference.consumers.watch import Watch
from inference.streaming.events import (
    Final,
    FinalWanted,
    Partial,
    PartialWanted,
    SpeechEnded,
    SpeechStarted,
    Untranscribed,
)

SESSION = UUID("00000000-0000-0000-0000-00000000abcd")


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.use(SimpleSpanProcessor(exporter), "test")
    yield exporter
    traces.stop()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"auscult_web_{name}", labels) or 0.0


def speak(watch: Watch, index: int = 0) -> None:
    """A frame with 1,000 ms of sound, a voice from 400 ms on, one partial text, one final text."""
    with watch.writing([bytes(3_200)] * 10, arrived_s=time.monotonic()):
        pass
    watch.listened(time.monotonic(), saved_ms=1000)
    watch.event(SpeechStarted(index, at_ms=400))
    with watch.asking(PartialWanted(index, b"", 400, 900, 500)):
        pass
    watch.event(Partial(index, "病人", 0, 400))
    watch.event(Partial(index, "病人血", 2, 400))
    watch.event(SpeechEnded(index, 400, 1000, 900, 1000))
    with watch.asking(FinalWanted(index, 1, b"", 400, 1000, 500)):
        pass
    watch.final(Final(index, "病人血壓", (), (), 400, 1000), latency_ms=300)


def test_a_session_is_open_until_it_is_closed_however_often():
    watch, before = Watch(SESSION, "deepgram"), value("live_sessions", protocol="deepgram")
    watch.opened()
    watch.opened()
    assert value("live_sessions", protocol="deepgram") == before + 1
    watch.closed()
    watch.closed()
    assert value("live_sessions", protocol="deepgram") == before


def test_sound_and_texts_are_counted_and_timed():
    names = ("frames_total", "audio_bytes_total", "partials_total", "finals_total")
    timed = ("first_partial_seconds", "final_seconds", "lag_seconds", "disk_write_seconds")
    before = [value(name) for name in names] + [value(f"{name}_count") for name in timed]
    final_s, first_s = value("final_seconds_sum"), value("first_partial_seconds_sum")
    speak(Watch(SESSION))
    after = [value(name) for name in names] + [value(f"{name}_count") for name in timed]
    assert [new - old for old, new in zip(before, after, strict=True)] == [10, 32_000, 2, 1, 1, 1, 1, 1]
    assert value("final_seconds_sum") - final_s == pytest.approx(0.3)
    assert (
        value("first_partial_seconds_sum") - first_s >= 0.6
    )  # the voice began 600 ms before the frame's end


def test_a_write_that_fails_is_no_sound_on_the_disk():
    before = value("frames_total"), value("frames_refused_total", reason="disk")
    with pytest.raises(OSError), Watch().writing([b"ab", b"cd"], time.monotonic()):
        raise OSError("no space left on device")
    assert (value("frames_total"), value("frames_refused_total", reason="disk")) == (before[0], before[1] + 2)


def test_an_utterance_is_one_trace_from_its_frame_to_its_text(told):
    speak(Watch(SESSION, "native"))
    spans = {span.name: span for span in told.get_finished_spans()}
    utterance = spans["utterance"]
    assert len({span.context.trace_id for span in told.get_finished_spans()}) == 1
    assert sorted(span.name for span in told.get_finished_spans()) == [
        *("disk", "disk", "frame", "frame", "hear", "hear", "utterance"),
    ]
    assert spans["hear"].parent.span_id == utterance.context.span_id
    assert utterance.attributes["session.id"] == str(SESSION)
    assert utterance.attributes["auscult.latency_ms"] == 300
    assert [event.name for event in utterance.events] == ["first partial", "speech ended"]
    assert not any("病人" in str(dict(span.attributes)) for span in told.get_finished_spans())


def test_the_text_is_in_the_trace_only_where_a_setting_says_so(told):
    traces.use(SimpleSpanProcessor(told), "test", tells_text=True)
    speak(Watch(SESSION))
    texts = [span.attributes.get("output.value") for span in told.get_finished_spans()]
    assert [text for text in texts if text] == ["病人血壓"]


def test_the_clients_trace_goes_on(told):
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with traces.remote({"traceparent": theirs}).current():
        speak(Watch(SESSION))
    assert {f"{span.context.trace_id:032x}" for span in told.get_finished_spans()} == {theirs.split("-")[1]}


def test_an_utterance_without_a_text_says_so(told):
    watch, before = Watch(SESSION), value("untranscribed_total")
    watch.event(SpeechStarted(3, 0))
    watch.event(Untranscribed(3, 0, 1000))
    watch.event(SpeechStarted(4, 2000))
    watch.closed()  # the connection was taken over: its trace must not stay open
    assert value("untranscribed_total") == before + 1
    assert [span.status.description for span in told.get_finished_spans()] == ["untranscribed", None]
