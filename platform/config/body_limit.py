"""How much of a request's body is taken before anybody has looked at it.

Django writes a whole body to a temporary file before any view runs, so a view can refuse neither a stranger's
gigabytes nor a file that is too large before they fill the disk that live sound needs.
"""

import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error
from django.http.cookie import parse_cookie

from inference.api.access import secret_of
from inference.selectors.callers import Unauthenticated, caller_of

Application = Callable[[Any, Any, Any], Awaitable[None]]
MEGABYTE = 1024 * 1024
STRANGERS_BYTES = MEGABYTE  # a login form
FILES_A_REQUEST = 20  # of the page without scripts; with them each file comes alone
SENTENCE = b"Too much was sent at once. See AUSCULT_MAX_UPLOAD_MB.\n"


class BodyLimit:
    """Wraps an ASGI application. Whoever has a key or a login may send files; views look at what they may."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = joined(scope["headers"])
        said_bytes, most_bytes = length_bytes(headers), STRANGERS_BYTES
        if said_bytes > STRANGERS_BYTES or "transfer-encoding" in headers:  # else nobody is looked up
            most_bytes = await database_sync_to_async(limit_bytes)(scope["path"], headers)
        if said_bytes > most_bytes:
            await refuse(send)
            return
        taken_bytes, is_answered = 0, False

        async def counted() -> Any:
            nonlocal taken_bytes
            message = await receive()
            taken_bytes += len(message.get("body", b""))
            return message if taken_bytes <= most_bytes else {"type": "http.disconnect"}

        async def watched(message: Any) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        await self._application(scope, counted, watched)
        if taken_bytes > most_bytes and not is_answered:
            await refuse(send)


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of a header that comes twice Django's views see both, in this way."""
    together: dict[str, str] = {}
    for name, value in ((name.decode("latin1"), value.decode("latin1")) for name, value in headers):
        between = "; " if name == "cookie" else ","
        together[name] = f"{together[name]}{between}{value}" if name in together else value
    return together


def length_bytes(headers: dict[str, str]) -> float:
    """What the request says; a length that is no number is larger than any."""
    said = headers.get("content-length", "0")
    return float(said) if said.isascii() and said.isdigit() else math.inf


def limit_bytes(path: str, headers: dict[str, str]) -> int:
    """Asks the database: the mere words of a key or a cookie are cheap."""
    file_bytes = (settings.AUSCULT_MAX_UPLOAD_MB + 1) * MEGABYTE
    try:
        if path.startswith("/v1/"):  # no cookie opens that door
            caller_of(secret_of(headers.get("authorization", "")))
            return file_bytes
        cookies = parse_cookie(headers.get("cookie", ""))
        is_logged_in = SESSION_KEY in SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    except (Unauthenticated, Error):  # unknown, expired, or the database is away
        return STRANGERS_BYTES
    return FILES_A_REQUEST * file_bytes if is_logged_in else STRANGERS_BYTES


async def refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": SENTENCE})
