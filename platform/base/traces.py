"""Spans of one request from the microphone to its text; where they go is traces_export.py's business.

Off until `use()`: every call here then does nothing, and OpenTelemetry (the extra `traces`) is not even
imported. No sound, no name; text only with `tells_text`. Knows no Django: web and engine both use it.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Attribute = str | int | float | bool
PREFIX = "auscult."


class Span:
    """A stretch of work; of nothing (and doing nothing) where traces are off."""

    def __init__(self, inner: Any = None) -> None:
        self._inner = inner

    def note(self, **attributes: Attribute) -> None:
        if self._inner is not None:
            self._inner.set_attributes(_named(attributes))

    def event(self, name: str, **attributes: Attribute) -> None:
        if self._inner is not None:
            self._inner.add_event(name, _named(attributes))

    def past(self, name: str, began_s: float, ended_s: float, **attributes: Attribute) -> "Span":
        """A part of this span that is over already; monotonic seconds."""
        if self._inner is None:
            return self
        part = begin(name, parent=self, began_s=began_s)
        part.note(**attributes)
        part.end(ended_s)
        return part

    def fail(self, reason: str) -> None:
        if self._inner is not None:
            from opentelemetry.trace import Status, StatusCode

            self._inner.set_status(Status(StatusCode.ERROR, reason))

    def end(self, ended_s: float | None = None) -> None:
        if self._inner is not None:
            self._inner.end(None if ended_s is None else _wall_ns(ended_s))

    @contextmanager
    def current(self) -> Iterator[None]:
        """Within the block it is the parent of what begins, and what headers() names."""
        if self._inner is None:
            yield
            return
        from opentelemetry.trace import use_span

        with use_span(self._inner, record_exception=False, set_status_on_exception=False):
            yield

    @property
    def context(self) -> Any:
        """As a parent. None: a trace of its own."""
        if self._inner is None:
            return None
        from opentelemetry.trace import set_span_in_context

        return set_span_in_context(self._inner)


class Remote(Span):
    """The span of another process, by its `traceparent`."""

    def __init__(self, context: Any) -> None:
        super().__init__()
        self._context = context

    @contextmanager
    def current(self) -> Iterator[None]:
        from opentelemetry.context import attach, detach

        token = attach(self._context)
        try:
            yield
        finally:
            detach(token)

    @property
    def context(self) -> Any:
        return self._context


NOTHING = Span()
_tracer: Any = None
_tells_text = False


def use(processor: Any, service: str, share: float = 1.0, tells_text: bool = False) -> None:
    """From now on this process tells its spans to `processor` (of OpenTelemetry's SDK)."""
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    global _tracer, _tells_text
    sampler = ParentBased(TraceIdRatioBased(share))
    provider = TracerProvider(resource=Resource({SERVICE_NAME: service}), sampler=sampler)
    provider.add_span_processor(processor)
    _tracer, _tells_text = provider.get_tracer("auscult"), tells_text


def stop() -> None:
    global _tracer, _tells_text
    _tracer, _tells_text = None, False


def begin(
    name: str,
    *,
    parent: Span | None = None,
    began_s: float | None = None,
    server: bool = False,
    **attributes: Attribute,
) -> Span:
    """`parent` None: the current span, or none. The caller ends it. `began_s`: monotonic."""
    if _tracer is None:
        return NOTHING
    from opentelemetry.trace import SpanKind

    inner = _tracer.start_span(
        name,
        context=parent.context if parent else None,
        kind=SpanKind.SERVER if server else SpanKind.INTERNAL,
        start_time=None if began_s is None else _wall_ns(began_s),
        attributes=_named(attributes),
    )
    return Span(inner)


@contextmanager
def within(
    name: str, *, parent: Span | None = None, server: bool = False, **attributes: Attribute
) -> Iterator[Span]:
    """A span around the block, current in it. An exception marks it by its kind, never by its words."""
    span = begin(name, parent=parent, server=server)
    span.note(**attributes)
    try:
        with span.current():
            yield span
    except BaseException as error:
        span.fail(type(error).__name__)
        raise
    finally:
        span.end()


def headers() -> dict[str, str]:
    """W3C `traceparent` of the current span, for the next process."""
    found: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found)
    return found


def remote(found: Mapping[str, str]) -> Span | None:
    """Whose work this is part of, by the headers of a request; None when nobody says."""
    if _tracer is None or not found.get("traceparent"):
        return None
    from opentelemetry.trace import get_current_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {"traceparent": found["traceparent"]}
    context = TraceContextTextMapPropagator().extract(carrier)
    return Remote(context) if get_current_span(context).get_span_context().is_valid else None


def current() -> Span:
    if _tracer is None:
        return NOTHING
    from opentelemetry.trace import get_current_span

    found = get_current_span()
    return Span(found) if found.is_recording() else NOTHING


def text_of(text: str) -> dict[str, Attribute]:
    """What a person said, as an attribute, where a setting allows it; else how long it is."""
    return {"output.value": text} if _tells_text else {"characters": len(text)}


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Our own names get a prefix; names with a dot are those of OpenTelemetry's and others' conventions."""
    return {name if "." in name else PREFIX + name: value for name, value in attributes.items()}


def _wall_ns(at_s: float) -> int:
    return time.time_ns() - round((time.monotonic() - at_s) * 1e9)
