"""A body that is too large is refused while it comes, not when it lies on the disk."""

import asyncio

import pytest

from config.asgi import application
from config.body_limit import FILES_A_REQUEST, MEGABYTE, STRANGERS_BYTES, limit_bytes

PIECE = bytes(256 * 1024)


class Sender:
    """Sends pieces as long as they are asked for, `pieces` of them at most."""

    def __init__(self, pieces: int) -> None:
        self.asked, self.pieces = 0, pieces
        self.answer: list[dict] = []

    async def receive(self) -> dict:
        if self.asked == self.pieces:
            await asyncio.Event().wait()  # the connection stays open
        self.asked += 1
        return {"type": "http.request", "body": PIECE, "more_body": self.asked < self.pieces}

    async def send(self, message: dict) -> None:
        self.answer.append(message)

    async def post(self, path: str, headers: dict[str, str]) -> int:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await application(scope, self.receive, self.send)
        return self.answer[0]["status"]


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/listen", "/recordings/upload/", "/login/"])
async def test_a_stranger_sends_no_files(path):
    sender = Sender(pieces=10_000)
    assert await sender.post(path, {"host": "localhost", "transfer-encoding": "chunked"}) == 413
    assert sender.asked <= STRANGERS_BYTES // len(PIECE) + 2


async def test_what_says_that_it_is_too_large_is_not_read_at_all(settings):
    sender = Sender(pieces=10_000)
    headers = {"host": "localhost", "authorization": "Bearer k", "content-length": str(600 * MEGABYTE)}
    assert await sender.post("/v1/audio/transcriptions", headers) == 413
    assert sender.asked == 0


@pytest.mark.django_db(transaction=True)
async def test_what_is_small_is_looked_at(transactional_db):
    sender = Sender(pieces=1)
    headers = {"host": "localhost", "authorization": "Bearer wrong", "content-length": str(len(PIECE))}
    assert await sender.post("/v1/listen", headers) == 401


def test_who_may_send_how_much(settings):
    settings.AUSCULT_MAX_UPLOAD_MB = 9
    cookie = {b"cookie": f"{settings.SESSION_COOKIE_NAME}=abc".encode()}
    assert limit_bytes("/v1/listen", cookie) == STRANGERS_BYTES  # no cookie opens that door
    assert limit_bytes("/v1/listen", {b"authorization": b"Token k"}) == 10 * MEGABYTE
    assert limit_bytes("/recordings/upload/", cookie) == FILES_A_REQUEST * 10 * MEGABYTE
