"""How much of a request's body is taken before anybody has looked at it.

Django writes a whole body to a temporary file before any view runs, so a view can refuse neither a stranger's
gigabytes nor a file that is too large before they fill the disk that live sound needs.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Application = Callable[[Any, Any, Any], Awaitable[None]]
MEGABYTE = 1024 * 1024
STRANGERS_BYTES = MEGABYTE  # a login form
FILES_A_REQUEST = 20  # of the page without scripts; with them each file comes alone
SENTENCE = b"Too much was sent at once. See AUSCULT_MAX_UPLOAD_MB.\n"


class BodyLimit:
    """Wraps an ASGI application. Whoever shows a key or a login may send files; views look at which it is."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        most_bytes = limit_bytes(scope["path"], headers)
        if int(headers.get(b"content-length") or 0) > most_bytes:
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


def limit_bytes(path: str, headers: dict[bytes, bytes]) -> int:
    file_bytes = (settings.AUSCULT_MAX_UPLOAD_MB + 1) * MEGABYTE
    if path.startswith("/v1/"):
        return file_bytes if b"authorization" in headers else STRANGERS_BYTES
    is_logged_in = settings.SESSION_COOKIE_NAME.encode() in headers.get(b"cookie", b"")
    return FILES_A_REQUEST * file_bytes if is_logged_in else STRANGERS_BYTES


async def refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": SENTENCE})
