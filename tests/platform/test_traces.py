"""Spans: off by default, one trace over several processes, and nothing of what a person said."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from base import traces
from base.traces_export import TraceOptions

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.use(SimpleSpanProcessor(exporter), "test")
    yield exporter
    traces.stop()


def test_traces_are_off_and_cost_no_import_until_a_host_is_named():
    code = (
        "import sys; from base import traces, traces_export; "
        "traces_export.start(traces_export.TraceOptions.from_environment({}), 'web');\n"
        "with traces.within('hear', lane='final') as span: span.note(x=1); span.event('y'); span.fail('z')\n"
        "print(traces.headers(), traces.remote({'traceparent': '" + SAMPLED + "'}))\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["{} None", "[]"]


def test_a_span_is_part_of_what_the_other_process_said(told):
    with traces.within("web", parent=traces.remote({"traceparent": SAMPLED})):
        sent = traces.headers()
    with traces.within("engine", parent=traces.remote(sent), server=True):
        pass
    web, engine = told.get_finished_spans()
    assert f"{web.context.trace_id:032x}" == SAMPLED.split("-")[1] == f"{engine.context.trace_id:032x}"
    assert engine.parent.span_id == web.context.span_id
    assert f"{web.parent.span_id:016x}" == SAMPLED.split("-")[2]


@pytest.mark.parametrize("header", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
def test_a_header_that_is_none_begins_a_trace(told, header):
    assert traces.remote({"traceparent": header}) is None


def test_what_is_over_already_keeps_its_times(told):
    now_s = time.monotonic()
    span = traces.begin("hear", began_s=now_s - 2)
    span.past("queue", now_s - 1.5, now_s - 0.5)
    span.end(now_s)
    queue, hear = told.get_finished_spans()
    assert queue.parent.span_id == hear.context.span_id
    assert queue.end_time - queue.start_time == pytest.approx(1e9, abs=5e7)
    assert hear.end_time - hear.start_time == pytest.approx(2e9, abs=5e7)


def test_a_part_of_nothing_is_nothing(told):
    traces.current().past("queue", 0.0, 1.0)
    assert not told.get_finished_spans()


def test_an_error_is_named_by_its_kind_and_not_by_its_words(told):
    with pytest.raises(ValueError), traces.within("hear"):
        raise ValueError("王小明 has a fever")
    (span,) = told.get_finished_spans()
    assert span.status.description == "ValueError" and not span.events
    assert "王小明" not in span.to_json(indent=None).encode().decode("unicode_escape")


def test_text_is_told_only_where_a_setting_says_so(told):
    assert traces.text_of("病人血壓") == {"characters": 4}
    traces.use(SimpleSpanProcessor(told), "test", tells_text=True)
    assert traces.text_of("病人血壓") == {"output.value": "病人血壓"}


def test_a_share_of_none_tells_nothing_but_what_others_began(told):
    traces.use(SimpleSpanProcessor(told), "test", share=0.0)
    with traces.within("mine"):
        pass
    with traces.within("theirs", parent=traces.remote({"traceparent": SAMPLED})):
        pass
    assert [span.name for span in told.get_finished_spans()] == ["theirs"]


def test_options_are_read_from_the_environment():
    options = TraceOptions.from_environment(
        {
            "AUSCULT_TRACES_URL": "http://collector:4318/v1/traces",
            "AUSCULT_TRACES_HEADERS": "Authorization=Basic YTpiPQ==, x-tenant=ward",
            "AUSCULT_TRACES_SHARE": "0.1",
            "AUSCULT_TRACES_TEXT": "1",
        }
    )
    assert options.headers == {"Authorization": "Basic YTpiPQ==", "x-tenant": "ward"}
    assert (options.share, options.tells_text) == (0.1, True)


class Receiver(BaseHTTPRequestHandler):
    """What a collector is, in ten lines."""

    got: list[tuple[str, str | None, ExportTraceServiceRequest]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(
            (self.path, self.headers["Authorization"], ExportTraceServiceRequest.FromString(body))
        )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_spans_reach_the_configured_host_over_otlp():
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = (
            "from base import traces, traces_export\n"
            "traces_export.start(traces_export.TraceOptions.from_environment(), 'auscult-web')\n"
            "with traces.within('utterance', lane='final'): pass"
        )
        environment = os.environ | {
            "AUSCULT_TRACES_URL": f"http://127.0.0.1:{server.server_port}/v1/traces",
            "AUSCULT_TRACES_HEADERS": "Authorization=Basic YTpi",
            "HTTP_PROXY": "http://127.0.0.1:9",  # nobody is there, and nobody is asked
        }
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # its end sends the rest
        server.shutdown()
    ((path, authorization, request),) = Receiver.got
    (resource,) = request.resource_spans
    (span,) = resource.scope_spans[0].spans
    service = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (path, authorization, span.name) == ("/v1/traces", "Basic YTpi", "utterance")
    assert service["service.name"] == "auscult-web"
    assert [(one.key, one.value.string_value) for one in span.attributes] == [("auscult.lane", "final")]
