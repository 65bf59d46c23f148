"""A body, or the part of it that a player asks for: it seeks by asking for parts."""

import re

from django.http import HttpRequest, HttpResponse

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def ranged(request: HttpRequest, body: bytes, content_type: str) -> HttpResponse:
    """`body`, or the part of it that a Range header asks for."""
    wanted = _RANGE.match(request.headers.get("Range", ""))
    headers = {"Accept-Ranges": "bytes"}
    if not wanted or wanted.groups() == ("", ""):
        return HttpResponse(body, content_type=content_type, headers=headers)
    first, last = wanted.groups()
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    if start > end:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{len(body)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return HttpResponse(body[start : end + 1], status=206, content_type=content_type, headers=headers)
