"""A body that is too large is refused while it comes, not when it lies on the disk."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client

from accounts.models import Role
from config import body_limit
from config.asgi import application
from config.body_limit import FILES_A_REQUEST, MEGABYTE, STRANGERS_BYTES, joined, length_bytes, limit_bytes
from tests.factories import make_site, make_user
from tests.inference.keys import make_program

FEW = STRANGERS_BYTES // 2**18 + 2
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
    assert sender.asked <= FEW


def login_cookie() -> str:
    client = Client()
    client.force_login(make_user(Role.EXPERT, site=make_site()))
    return f"sessionid={client.cookies['sessionid'].value}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [{"transfer-encoding": "chunked"}, {"content-length": str(40 * MEGABYTE)}])
@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("/recordings/upload/", {"cookie": "sessionid=0123456789abcdef0123456789abcdef"}),
        ("/recordings/upload/", {"cookie": "a=sessionid"}),
        ("/recordings/upload/", {"authorization": "Bearer x"}),
        ("/v1/listen", {"authorization": "Bearer x"}),
        ("/v1/listen", {"authorization": "Token ek_x"}),
    ],
)
async def test_a_forged_key_or_cookie_is_a_strangers(path, secret, size):
    sender = Sender(pieces=40 * MEGABYTE // len(PIECE))
    assert await sender.post(path, {"host": "localhost"} | secret | size) == 413
    assert sender.asked <= FEW


@pytest.mark.django_db(transaction=True)
async def test_a_real_login_sends_a_file_to_the_view():
    cookie = await database_sync_to_async(login_cookie)()
    token = "t" * 32
    headers = {"host": "localhost", "cookie": f"{cookie}; csrftoken={token}", "x-csrftoken": token}
    sender = Sender(pieces=2 * MEGABYTE // len(PIECE))
    status = await sender.post("/recordings/upload/", headers | {"content-length": str(2 * MEGABYTE)})
    assert (status, sender.asked) == (400, sender.pieces)
    assert "Choose one of your sites" in b"".join(part.get("body", b"") for part in sender.answer).decode()


@pytest.mark.django_db(transaction=True)
async def test_what_says_that_it_is_too_large_is_not_read_at_all():
    program = await database_sync_to_async(make_program)()
    sender = Sender(pieces=10_000)
    headers = {"host": "localhost", "authorization": f"Bearer {program.secret}"}
    said = {"content-length": str(600 * MEGABYTE)}
    assert await sender.post("/v1/audio/transcriptions", headers | said) == 413
    assert sender.asked == 0


@pytest.mark.parametrize("said", ["many", "-1", "1_0", "", "9" * 5000, "5,5"])
async def test_a_length_that_is_no_number_is_too_large(said):
    assert length_bytes({"content-length": said}) == float("inf")


@pytest.mark.django_db(transaction=True)
async def test_what_is_small_is_looked_at(transactional_db):
    sender = Sender(pieces=1)
    headers = {"host": "localhost", "authorization": "Bearer wrong", "content-length": str(len(PIECE))}
    assert await sender.post("/v1/listen", headers) == 401


@pytest.mark.django_db
def test_who_may_send_how_much(settings):
    settings.AUSCULT_MAX_UPLOAD_MB = 9
    cookie, key = {"cookie": f"a=b; {login_cookie()}"}, {"authorization": f"Token {make_program().secret}"}
    assert limit_bytes("/v1/listen", cookie) == STRANGERS_BYTES  # no cookie opens that door
    assert limit_bytes("/v1/listen", key) == 10 * MEGABYTE
    assert limit_bytes("/recordings/upload/", key) == STRANGERS_BYTES  # nor a key this one
    assert limit_bytes("/recordings/upload/", cookie) == FILES_A_REQUEST * 10 * MEGABYTE


@pytest.mark.django_db
def test_a_session_that_has_ended_or_is_nobodys_is_a_strangers():
    ended, nobodys = SessionStore(), SessionStore()
    ended[SESSION_KEY] = "1"
    ended.set_expiry(-1)
    nobodys["language"] = "en"
    for session in (ended, nobodys):
        session.save()
        assert limit_bytes("/", {"cookie": f"sessionid={session.session_key}"}) == STRANGERS_BYTES


def test_nobody_is_known_while_the_database_is_away(monkeypatch):
    def away(*_):
        raise OperationalError("gone")

    monkeypatch.setattr(body_limit, "caller_of", away)
    monkeypatch.setattr(SessionStore, "load", away)
    cookie = {"cookie": "sessionid=0123456789abcdef0123456789abcdef"}
    assert limit_bytes("/v1/listen", {"authorization": "Token k"}) == STRANGERS_BYTES
    assert limit_bytes("/recordings/upload/", cookie) == STRANGERS_BYTES


def test_cookies_of_two_lines_are_one():
    """As HTTP/2 sends them."""
    assert joined([(b"cookie", b"a=1"), (b"host", b"h"), (b"cookie", b"b=2")])["cookie"] == "a=1; b=2"
