"""Spans leave over OTLP/HTTP, to the one host that is configured; without one nothing is even imported."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from base import traces


@dataclass(frozen=True, slots=True)
class TraceOptions:
    url: str = ""  # where spans go, path included: http://collector:4318/v1/traces
    headers: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0  # of the traces that begin here
    tells_text: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "TraceOptions":
        """Raises ValueError on a share that is none."""
        return cls.of(
            environ.get("AUSCULT_TRACES_URL", ""),
            environ.get("AUSCULT_TRACES_HEADERS", "").split(","),
            float(environ.get("AUSCULT_TRACES_SHARE", "1")),
            environ.get("AUSCULT_TRACES_TEXT", "0") in {"1", "true", "yes", "on"},
        )

    @classmethod
    def of(cls, url: str, headers: Sequence[str], share: float, tells_text: bool) -> "TraceOptions":
        """`headers`: name=value each."""
        pairs = (header.strip().partition("=") for header in headers if header.strip())
        return cls(url, {name: value for name, _, value in pairs}, share, tells_text)


def start(options: TraceOptions, service: str) -> None:
    """Once a process. Without an address: nothing. Raises RuntimeError when the extra is missing."""
    if not options.url:
        return
    try:
        import requests
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise RuntimeError(
            "AUSCULT_TRACES_URL is set, and OpenTelemetry is not installed: pip install '.[traces]'."
        ) from error
    session = requests.Session()
    session.trust_env = False  # the configured host and no proxy
    exporter = OTLPSpanExporter(endpoint=options.url, headers=dict(options.headers), session=session)
    traces.use(BatchSpanProcessor(exporter), service, options.share, options.tells_text)
