"""The key or token that comes with a WebSocket, wherever the client can put it. Checks nothing.

A browser cannot set headers: it offers the secret as a subprotocol. In the address only a token is taken, for
addresses end up in logs and a key is valid for long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from inference.api.access import secret_of
from inference.selectors.callers import TOKEN_MARK

OPENAI_MARK, OPENAI = "openai-insecure-api-key.", "realtime"
NATIVE_MARK, NATIVE = "auscult-key.", "auscult"
DEEPGRAM = ("token", "bearer")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`subprotocol` is the one to answer with; `by_header`: a program, which can read an HTTP refusal."""

    secret: str = ""
    subprotocol: str | None = None
    by_header: bool = False


def credentials_of(scope: Mapping[str, Any]) -> Credentials:
    headers = {name.lower(): value.decode("latin1") for name, value in scope.get("headers", [])}
    secret, subprotocol = _of_subprotocols(scope.get("subprotocols", []))
    by_header = secret_of(headers.get(b"authorization", ""))
    if by_header:
        return Credentials(by_header, subprotocol, by_header=True)
    if not secret:
        secret = parse_qs(scope.get("query_string", b"").decode("latin1")).get("token", [""])[0]
        secret = secret if secret.startswith(TOKEN_MARK) else ""
    return Credentials(secret, subprotocol, by_header=not secret and b"origin" not in headers)


def _of_subprotocols(offered: list[str]) -> tuple[str, str | None]:
    """-> (secret, the subprotocol without it)."""
    for mark, plain in ((OPENAI_MARK, OPENAI), (NATIVE_MARK, NATIVE)):
        for one in offered:
            if one.startswith(mark):
                return one.removeprefix(mark), plain if plain in offered else None
    if len(offered) == 2 and offered[0].lower() in DEEPGRAM:
        return offered[1], offered[0]
    return "", next((plain for plain in (OPENAI, NATIVE) if plain in offered), None)
