"""Dictating over the WebSocket: what is promised to a clinician."""

import asyncio

import pytest
from channels.db import database_sync_to_async as from_db
from django.contrib.auth.models import AnonymousUser

from accounts.models import Role
from audit.models import Entry
from base.storage import data_path
from inference.consumers import asking, dictation, opening
from inference.consumers.hearing import EngineClient
from inference.models import LiveSession, LiveSessionStatus
from inference.services import sessions
from inference.services.spool import Spool, spool_read
from tests.factories import make_site, make_user
from tests.inference.consumers.clinic import TEXT, Page, engine_running
from tests.inference.streaming.sounds import pcm, silence, tone

pytestmark = pytest.mark.django_db(transaction=True)
TALK = pcm(silence(0.5), tone(1.5), silence(1), tone(1.5), silence(1))


@pytest.fixture(autouse=True)
def no_storing(monkeypatch):
    """What becomes of the sound afterwards has its own tests; here it must lie untouched."""
    monkeypatch.setattr(sessions, "enqueue_on_commit", lambda job, pk: None)


@from_db
def clinician():
    return make_user(Role.CLINICIAN)


@from_db
def row(session: str) -> LiveSession:
    return LiveSession.objects.prefetch_related("utterances").get(uuid=session)


def kept_sound(session: LiveSession) -> bytes:
    return b"".join(spool_read(session.spool_path))


async def test_speech_becomes_text_and_everything_is_kept(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        said = await page.stop()
    finals = [message for message in said if message["type"] == "final"]
    assert [(final["utterance"], final["text"]) for final in finals] == [(0, TEXT), (1, TEXT)]
    assert finals[1]["words"][0]["start_ms"] >= finals[1]["start_ms"] > 2000
    assert said[-1]["saved_ms"] == len(TALK) // 32
    session = await row(page.session)
    assert session.status == LiveSessionStatus.ENDED
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]
    assert kept_sound(session) == TALK


@pytest.mark.parametrize(("most", "told"), [(0, []), (1, ["Metformin"])])
async def test_the_recogniser_is_told_terms_only_where_it_gains_by_them(monkeypatch, settings, most, told):
    settings.AUSCULT_PROMPT_TERMS = most
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open(keywords=["Metformin", 7, "", "Amlodipine"])
        await page.stop()
    assert (await row(page.session)).keywords == told


async def test_sound_is_on_the_disk_before_it_is_acknowledged(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK[:16_000])
        ack = {"seq": -1}
        while ack["seq"] < 4:
            ack = await page.hear("ack")
            assert kept_sound(await row(page.session)).startswith(TALK[: ack["saved_ms"] * 32])
        await page.stop()


async def test_silence_gives_no_text_and_asks_nothing_of_the_engine(monkeypatch):
    page = Page(await clinician())

    async def never(*_):
        pytest.fail("the engine was asked about silence")

    async with engine_running(monkeypatch):
        monkeypatch.setattr(EngineClient, "hear", never)
        await page.open()
        await page.dictate(pcm(silence(5)))
        said = await page.stop()
    assert {message["type"] for message in said} == {"ack", "stopped"}


async def test_a_session_without_sound_leaves_nothing(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.stop()
    session = await row(page.session)
    assert session.status == LiveSessionStatus.EMPTY
    assert not data_path(session.spool_path).exists()


async def test_frames_that_come_twice_are_kept_once(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        await page.frame(TALK[:3200], seq=0)
        said = await page.stop()
    assert said[-1]["saved_ms"] == len(TALK) // 32


async def test_a_missing_frame_is_asked_for_once(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.frame(TALK[:3200], seq=0)
        await page.frame(TALK[:3200], seq=2)
        await page.frame(TALK[:3200], seq=3)
        gap = await page.hear("error")
        assert (gap["code"], gap["next_seq"]) == ("gap", 1)
        page.seq = 1
        await page.dictate(TALK[3200:])
        said = await page.stop()
    assert said[-1]["saved_ms"] == len(TALK) // 32
    assert not [message for message in said if message["type"] == "error"]


async def test_a_broken_connection_loses_no_sound_and_no_text(monkeypatch):
    user, cut = await clinician(), 40_000
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        await first.dictate(TALK[: cut - cut % 3200])
        await first.vanish()
        again = Page(user)
        ready = await again.open(session=first.session)
        assert ready["session"] == first.session
        await again.dictate(TALK[ready["next_seq"] * 3200 :])
        await again.stop()
    session = await row(first.session)
    assert kept_sound(session) == TALK
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]


async def test_another_process_goes_on_from_the_disk(monkeypatch):
    user = await clinician()
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        await first.dictate(TALK[:48_000])
        await first.hear("speech_started")
        dead = opening._running.pop((await row(first.session)).uuid)
        await dead.run.abandon()
        again = Page(user)
        ready = await again.open(session=first.session)
        await again.dictate(TALK[ready["next_seq"] * 3200 :])
        await again.stop()
    session = await row(first.session)
    assert kept_sound(session) == TALK
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]


async def test_a_second_window_takes_over_and_the_first_is_told(monkeypatch):
    user = await clinician()
    async with engine_running(monkeypatch):
        first, second = Page(user), Page(user)
        await first.open()
        await first.dictate(TALK[:16_000])
        await first.hear("ack")
        await second.open(session=first.session)
        assert (await first.hear("error"))["code"] == "taken_over"
        assert await first.closed() == 4409
        await second.dictate(TALK[second.seq * 3200 :])
        said = await second.stop()
    assert said[-1]["saved_ms"] == len(TALK) // 32


async def test_a_page_that_returns_is_told_what_it_missed(monkeypatch):
    user = await clinician()
    async with engine_running(monkeypatch):
        first = Page(user)
        await first.open()
        await first.dictate(TALK)
        await first.hear("final")
        await first.vanish()
        again = Page(user)
        await again.open(session=first.session, have_utterances=0)
        assert (await again.hear("final"))["text"] == TEXT
        await again.stop()


async def test_a_page_that_never_returns_still_gets_its_last_words_stored(monkeypatch):
    page = Page(await clinician())
    monkeypatch.setattr(dictation, "GRACE_S", 0.05)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK[:120_000])
        await page.vanish()
        for _ in range(100):
            if (session := await row(page.session)).status == LiveSessionStatus.ENDED:
                break
            await asyncio.sleep(0.05)
    assert session.status == LiveSessionStatus.ENDED
    assert [utterance.text for utterance in session.utterances.all()] == [TEXT, TEXT]


async def test_without_an_engine_the_sound_is_kept_and_the_person_is_told(monkeypatch):
    page = Page(await clinician())
    monkeypatch.setattr(asking, "GIVE_UP_S", 0.0)
    async with engine_running(monkeypatch):
        monkeypatch.setattr(EngineClient, "transport", None)
        monkeypatch.setattr("django.conf.settings.AUSCULT_ENGINE_URL", "http://127.0.0.1:9")
        await page.open()
        await page.dictate(TALK)
        said = await page.stop()
    assert [message["code"] for message in said if message["type"] == "error"] == ["engine_unavailable"]
    assert [m["utterance"] for m in said if m["type"] == "untranscribed"] == [0, 1]
    assert said[-1]["saved_ms"] == len(TALK) // 32


async def test_a_full_disk_is_told_and_the_sound_comes_again(monkeypatch):
    page = Page(await clinician())
    append, refusals = Spool.append, [OSError("no space left")]

    def refusing(self, frames):
        if refusals:
            raise refusals.pop()
        append(self, frames)

    monkeypatch.setattr(Spool, "append", refusing)
    async with engine_running(monkeypatch):
        await page.open()
        await page.dictate(TALK)
        refused = await page.hear("error")
        assert refused["code"] == "not_saved"
        page.seq = refused["next_seq"]
        await page.dictate(TALK[page.seq * 3200 :])
        said = await page.stop()
    assert said[-1]["saved_ms"] == len(TALK) // 32
    assert kept_sound(await row(page.session)) == TALK


async def test_several_people_dictate_at_once(monkeypatch):
    pages = [Page(await clinician()) for _ in range(4)]
    async with engine_running(monkeypatch):
        for page in pages:
            await page.open()
        await asyncio.gather(*(page.dictate(TALK) for page in pages))
        for said in [await page.stop() for page in pages]:
            assert [m["text"] for m in said if m["type"] == "final"] == [TEXT, TEXT]


@pytest.mark.parametrize("frame", [b"", b"\0\0\0\0", b"\0\0\0\0a", b"\0\0\0\0" + bytes(64_002)])
async def test_a_bad_frame_is_refused_and_the_session_goes_on(monkeypatch, frame):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.send(bytes=frame)
        assert (await page.hear("error"))["code"] == "bad_frame"
        await page.dictate(TALK)
        assert (await page.stop())[-1]["saved_ms"] == len(TALK) // 32


@pytest.mark.parametrize("text", ["", "[]", "7", '{"type": "dance"}', '{"type": "start", "session": "x"}'])
async def test_a_bad_message_is_refused(monkeypatch, text):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.connect()
        await page.send(text=text)
        assert (await page.hear("error"))["code"] == "bad_message"


async def test_an_outsider_is_sent_away():
    user = await from_db(make_user)()
    page = Page(user, await from_db(make_site)())
    await page.connect()
    assert await page.closed() == 4403


async def test_nobody_goes_on_with_the_session_of_another(monkeypatch):
    mine, theirs = Page(await clinician()), Page(await clinician())
    async with engine_running(monkeypatch):
        await mine.open()
        refusal = await theirs.open(session=mine.session)
        assert refusal["code"] == "session_over"
        await mine.stop()


async def test_opening_and_ending_are_audited(monkeypatch):
    page = Page(await clinician())
    async with engine_running(monkeypatch):
        await page.open()
        await page.stop()
    verbs = await from_db(lambda: list(Entry.objects.order_by("id").values_list("verb", flat=True)))()
    assert verbs == ["live_session_opened", "live_session_ended"]


async def test_it_says_4401_to_somebody_who_is_not_logged_in():
    page = Page(AnonymousUser())
    await page.connect()
    assert await page.closed() == 4401
