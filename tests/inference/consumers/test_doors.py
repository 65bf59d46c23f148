"""Who gets a WebSocket: pages of this host by their login, programs by a key, nobody by a cookie alone."""

import pytest
from channels.db import database_sync_to_async as from_db
from django.conf import settings as django_settings
from django.test import Client as Browser

from inference.consumers.credentials import credentials_of
from inference.consumers.origins import is_allowed
from inference.models import LiveSession
from tests.factories import PASSWORD
from tests.inference.consumers.clinic import engine_running
from tests.inference.consumers.guests import Guest, until_ended
from tests.inference.keys import make_program

LIVE = "/ws/live/"


@pytest.fixture
def program(transactional_db):
    return make_program()


@pytest.fixture
def cookie(program) -> str:
    browser = Browser()
    browser.login(username=program.user.username, password=PASSWORD)
    name = django_settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


@pytest.mark.django_db(transaction=True)
async def test_a_page_of_this_host_comes_with_its_login(program, cookie, monkeypatch):
    async with engine_running(monkeypatch):
        page = await Guest(LIVE, origin="http://localhost", cookie=cookie).open()
        await page.send({"type": "start"})
        await page.hear(type="ready")
        await page.send({"type": "stop"})
        await page.hear(type="stopped")


@pytest.mark.django_db(transaction=True)
async def test_a_cookie_without_an_origin_does_not_count(program, cookie):
    page = await Guest(LIVE, cookie=cookie).open()
    assert (await page.closed())["code"] == 4401


@pytest.mark.django_db(transaction=True)
async def test_a_page_of_another_host_is_turned_away(program, cookie):
    assert (await Guest(LIVE, origin="https://elsewhere.example", cookie=cookie).knock())["type"] == (
        "websocket.close"
    )


@pytest.mark.django_db(transaction=True)
async def test_a_program_dictates_natively_with_its_key(program, monkeypatch):
    async with engine_running(monkeypatch):
        client = await Guest(LIVE, program.secret).open()
        await client.send({"type": "start"})
        await client.hear(type="ready")
        await client.send({"type": "stop"})
        await client.hear(type="stopped")
        await until_ended()
    session = await from_db(LiveSession.objects.select_related("site", "user").get)()
    assert (session.site, session.user) == (program.site, program.user)


@pytest.mark.django_db(transaction=True)
async def test_a_wrong_key_is_not_helped_by_a_login(program, cookie):
    client = await Guest(LIVE, "auscult_wrong", origin="http://localhost", cookie=cookie).open()
    closed = await client.closed()
    assert closed["code"] == 4401 and "key" in closed["reason"]


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://localhost", True),
        ("https://LOCALHOST:8800", True),
        ("https://emr.hospital.example", True),
        ("http://emr.hospital.example", False),
        ("https://localhost.elsewhere.example", False),
        ("null", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_origins(origin, is_ours, settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://emr.hospital.example"]
    assert is_allowed(origin) is is_ours


def scope(query: str = "", subprotocols: tuple[str, ...] = (), **headers: str) -> dict:
    return {
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "subprotocols": list(subprotocols),
        "query_string": query.encode(),
    }


@pytest.mark.parametrize(
    ("came", "secret", "subprotocol"),
    [
        (scope(authorization="Bearer k"), "k", None),
        (scope(authorization="token k"), "k", None),
        (scope(authorization="Basic k"), "", None),
        (scope(subprotocols=("realtime", "openai-insecure-api-key.k")), "k", "realtime"),
        (scope(subprotocols=("token", "k")), "k", "token"),
        (scope(subprotocols=("bearer", "k")), "k", "bearer"),
        (scope(subprotocols=("auscult", "auscult-key.k")), "k", "auscult"),
        (scope(query="token=ek_t"), "ek_t", None),
        (scope(query="token=auscult_key"), "", None),
        (scope(subprotocols=("graphql-ws",)), "", None),
    ],
)
def test_where_a_secret_may_be(came, secret, subprotocol):
    found = credentials_of(came)
    assert (found.secret, found.subprotocol) == (secret, subprotocol)
