# ruff: noqa: F811  fixtures are imported
"""Who is let in at OpenAI's realtime address, and how the others are told."""

import pytest
from channels.db import database_sync_to_async as from_db

from inference.consumers.hearing import EngineLoad
from inference.models import Scope
from inference.selectors.callers import caller_of
from inference.services.keys import token_issue
from tests.inference.consumers.clinic import engine_running
from tests.inference.consumers.guests import Guest
from tests.inference.consumers.test_openai_realtime import Client, program  # noqa: F401
from tests.inference.keys import make_program

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_browser_comes_with_a_token_in_the_subprotocol(program, monkeypatch):
    token, _ = await from_db(lambda: token_issue(caller=caller_of(program.secret), seconds=60))()
    offered = ("realtime", f"openai-insecure-api-key.{token}")
    async with engine_running(monkeypatch):
        client = Guest("/v1/realtime", subprotocols=offered, origin="http://localhost")
        accepted = await client.knock()
        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "realtime")
        await client.hear(type="session.created")
        await client.vanish()


async def test_a_program_with_a_wrong_key_reads_401(transactional_db):
    for key in ("auscult_wrong", ""):
        refusal = await Guest("/v1/realtime", key).knock()
        assert (refusal["type"], refusal["status"]) == ("websocket.http.response.start", 401)


async def test_a_browser_with_a_wrong_key_reads_a_close_code_and_a_sentence(transactional_db):
    offered = ("realtime", "openai-insecure-api-key.ek_wrong")
    client = await Guest("/v1/realtime", subprotocols=offered, origin="http://localhost").open()
    assert (await client.hear(type="error"))["error"]["code"] == "invalid_token"
    closed = await client.closed()
    assert closed["code"] == 4401 and closed["reason"]


async def test_a_key_without_the_scope_is_403(transactional_db):
    program = await from_db(make_program)(Scope.TRANSCRIBE)
    assert (await Guest("/v1/realtime", program.secret).knock())["status"] == 403


async def test_a_page_of_another_host_is_turned_away_whatever_it_brings(program):
    refusal = await Guest("/v1/realtime", program.secret, origin="https://elsewhere.example").knock()
    assert refusal["type"] == "websocket.close"


async def test_no_room_is_said_with_1013(program, monkeypatch):
    async def full() -> EngineLoad:
        return EngineLoad(4, 4.0, False, 7.0, 3, "cpu", False)

    monkeypatch.setattr("inference.consumers.admission.engine_place", full)
    client = await Client(program).open()
    assert (await client.hear(type="error"))["error"]["code"] == "busy"
    assert (await client.closed())["code"] == 1013
