"""A client's trace goes on in here: by its header `traceparent`, or in the address, as browsers need it.

One middleware for pages, programs and every live protocol: what they begin within becomes part of it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from base import traces

Application = Callable[[Any, Any, Any], Awaitable[None]]


class ContinuedTraces:
    """Wraps an ASGI application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parent = traces.remote({"traceparent": traceparent_of(scope)})
        if parent is None:
            await self._application(scope, receive, send)
            return
        with parent.current():
            await self._application(scope, receive, send)


def traceparent_of(scope: Any) -> str:
    for name, value in scope.get("headers", ()):
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return query.get("traceparent", [""])[0]
