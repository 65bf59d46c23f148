"""Who loses the right to speak in mid-session: what was said is kept, and nothing more is taken."""

import pytest
from channels.db import database_sync_to_async as from_db
from django.utils import timezone

from accounts.models import Role
from inference.consumers import dictation
from inference.models import ApiKey, LiveSession, LiveSessionStatus
from inference.services import sessions
from inference.services.spool import spool_read
from tests.factories import make_user
from tests.inference.consumers.clinic import TEXT, Page, engine_running
from tests.inference.consumers.guests import STEP_BYTES, TALK, Guest, in_steps
from tests.inference.keys import make_program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def at_every_frame(monkeypatch):
    monkeypatch.setattr(dictation, "TOUCH_S", 0.0)
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@from_db
def stored() -> LiveSession:
    return LiveSession.objects.prefetch_related("utterances").get()


async def check_what_was_said_is_kept() -> None:
    session = await stored()
    assert session.status == LiveSessionStatus.ENDED
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]
    assert b"".join(spool_read(session.spool_path)).startswith(TALK[: -STEP_BYTES * 2])


async def test_a_revoked_key_ends_the_session_that_it_opened(monkeypatch):
    program = await from_db(make_program)()
    async with engine_running(monkeypatch):
        client = await Guest("/v1/listen", program.secret, "encoding=linear16&sample_rate=16000").open()
        for piece in in_steps(TALK):
            await client.send(piece)
        for _ in range(2):
            await client.hear(type="Results", is_final=True)
        await from_db(ApiKey.objects.update)(revoked_at=timezone.now())
        await client.send(bytes(6400))
        closed = await client.closed()
    assert closed["code"] == 4401
    assert "revoked" in closed["reason"]
    await check_what_was_said_is_kept()


async def test_a_role_that_is_taken_away_ends_the_pages_session_with_a_sentence(monkeypatch):
    clinician = await from_db(make_user)(Role.CLINICIAN)
    page = Page(clinician)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        for _ in range(2):
            await page.hear("final")
        await from_db(clinician.memberships.all().delete)()
        await page.frame(bytes(3200))
        assert (await page.hear("error"))["code"] == "role_missing"
        await page.hear("stopped")
        assert await page.closed() == 4403
    await check_what_was_said_is_kept()
