"""Which pages may open a WebSocket. A browser says whose page it is (Origin); a program says nothing.

From a page of another host nothing is taken, whatever it brings. Without an Origin a cookie does not count:
a program comes with a key.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]


class OriginCheck:
    """`logged_in` is the application behind the cookie session, `keyed` the same without it."""

    def __init__(self, logged_in: Application, keyed: Application) -> None:
        self._logged_in, self._keyed = logged_in, keyed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origin = dict(scope.get("headers", [])).get(b"origin")
        if origin is None:
            await self._keyed(scope, receive, send)
        elif is_allowed(origin.decode("latin1")):
            await self._logged_in(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def is_allowed(origin: str) -> bool:
    """A page of this server's own hosts, or of an origin that AUSCULT_TRUSTED_ORIGINS names."""
    try:
        parsed = urlsplit(origin.lower())
        allowed = [*settings.ALLOWED_HOSTS, *settings.CSRF_TRUSTED_ORIGINS]
        return OriginValidator(None, allowed).valid_origin(parsed)
    except ValueError:
        return False
