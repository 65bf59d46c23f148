"""One dictation over the WebSocket and through the engine, as those see it who watch over the service."""

from collections.abc import Iterator

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async as from_db
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from accounts.models import Role
from base import traces
from base.traces_asgi import ContinuedTraces
from inference.services import sessions
from tests.factories import make_user
from tests.inference.consumers.clinic import TEXT, Page, engine_running
from tests.inference.streaming.sounds import pcm, silence, tone

pytestmark = pytest.mark.django_db(transaction=True)
TALK = pcm(silence(0.5), tone(1.5), silence(1), tone(1.5), silence(1))
THEIRS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.use(SimpleSpanProcessor(exporter), "test")
    yield exporter
    traces.stop()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"auscult_web_{name}", labels) or 0.0


async def test_a_dictation_is_counted_from_its_first_frame_to_its_last_text(monkeypatch):
    names = ("frames_total", "finals_total", "final_seconds_count", "reconnects_total", "audio_bytes_total")
    before, open_before = [value(name) for name in names], value("live_sessions", protocol="native")
    user = await from_db(make_user)(Role.CLINICIAN)
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        assert value("live_sessions", protocol="native") == open_before + 1
        await first.dictate(TALK[:32_000])
        await first.vanish()
        again = Page(user)
        ready = await again.open(session=first.session)
        await again.dictate(TALK[ready["next_seq"] * 3200 :])
        await again.stop()
    after = [value(name) for name in names]
    frames = -(-len(TALK) // 3200)
    assert [new - old for old, new in zip(before, after, strict=True)] == [frames, 2, 2, 1, len(TALK)]
    assert value("live_sessions", protocol="native") == open_before


async def test_one_trace_leads_from_the_clients_request_over_the_engine_to_the_text(monkeypatch, told):
    page = Page(await from_db(make_user)(Role.CLINICIAN))
    scope = {**page.socket.scope, "headers": [(b"traceparent", THEIRS.encode())]}
    page.socket = ApplicationCommunicator(ContinuedTraces(page.socket.application), scope)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        await page.stop()
    spans = [span for span in told.get_finished_spans() if f"{span.context.trace_id:032x}" in THEIRS]
    by_id = {span.context.span_id: span for span in spans}
    assert len([span for span in spans if span.name == "utterance"]) == 2
    ways = {way_of(span, by_id) for span in spans}
    assert "utterance > hear > transcribe > queue" in ways
    assert "utterance > hear > transcribe > decode" in ways
    assert "utterance > frame > disk" in ways
    finals = [span for span in spans if span.attributes.get("auscult.lane") == "final"]
    assert {span.name for span in finals} == {"hear", "transcribe"}
    assert {span.attributes.get("auscult.backend") for span in finals} == {None, "fake"}
    said = [value for span in spans for key, value in span.attributes.items() if key != "auscult.model"]
    assert not any(TEXT in str(value) for value in said)  # the fake model's name is what it understands


def way_of(span: ReadableSpan, by_id: dict[int, ReadableSpan]) -> str:
    names = [span.name]
    while span.parent and (span := by_id.get(span.parent.span_id)):
        names.append(span.name)
    return " > ".join(reversed(names))
