"""Two web processes on one data folder: a session goes on in the other one, whatever becomes of the first."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from channels.db import database_sync_to_async as from_db
from django.db import connection
from django.test import Client

from accounts.models import Role
from base.storage import data_path
from benchmarks.chaos.processes import Process, engine, web
from benchmarks.chaos.speaker import Speaker
from inference.models import LiveSession, LiveSessionStatus, utterance_uuid
from speech.audio import float_to_pcm16
from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from tests.factories import make_live_model, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
TEXT = "病人今天血壓一百四十"


@dataclass(frozen=True, slots=True)
class Hospital:
    webs: tuple[Process, Process]
    headers: dict[str, str]
    sound: bytes

    def speaker(self) -> Speaker:
        addresses = [f"ws://127.0.0.1:{one.port}/ws/live/" for one in self.webs]
        return Speaker(addresses, self.headers, self.sound, patience_s=60)


@pytest.fixture
def hospital(settings, tmp_path, monkeypatch) -> Iterator[Hospital]:
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("AUSCULT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AUSCULT_TEST_DATABASE", str(connection.settings_dict["NAME"]))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.inference.web_settings")
    make_live_model(f"fake:{TEXT}")
    browser = Client()
    browser.force_login(make_user(Role.CLINICIAN))
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    ears = engine(f"fake:{TEXT}")
    webs = (web(ears.port), web(ears.port))
    try:
        for process in (ears, *webs):
            process.start(wait=False)
        for process in (ears, *webs):
            process.wait()
        yield Hospital(webs, {"Cookie": cookie, "Origin": "http://localhost"}, two_sentences())
    finally:
        for process in (ears, *webs):
            process.kill()


def two_sentences() -> bytes:
    voice, quiet = EspeakSynthesizer(), np.zeros(16_000, np.float32)
    said = voice.synthesize(TEXT, Voice("cmn+f3")).samples
    return float_to_pcm16(np.concatenate([quiet, said, quiet, said, quiet]))


async def reached(speaker: Speaker, seq: int) -> None:
    async with asyncio.timeout(30):
        while speaker.acked_seq < seq:
            await asyncio.sleep(0.02)


@from_db
def stored(speaker: Speaker) -> LiveSession:
    return LiveSession.objects.select_related("recording").get(uuid=speaker.session)


async def check_that_nothing_is_missing(hospital: Hospital, speaker: Speaker) -> None:
    async with asyncio.timeout(30):
        while (session := await stored(speaker)).status != LiveSessionStatus.STORED:
            await asyncio.sleep(0.05)
    assert data_path(session.recording.original_path).read_bytes()[44:] == hospital.sound
    assert speaker.acked_and_asked_again == 0
    rows = await from_db(lambda: list(session.utterances.order_by("index")))()
    assert [(row.uuid, row.text) for row in rows] == [
        (utterance_uuid(session.uuid, at), TEXT) for at in (0, 1)
    ]
    assert rows[0].end_ms <= rows[1].start_ms
    assert speaker.finals == {0: TEXT, 1: TEXT}


async def test_a_session_goes_on_where_its_person_turns_up_and_outlives_a_killed_process(hospital):
    speaker = hospital.speaker()
    dictating = asyncio.create_task(speaker.dictate())
    for seq in (15, 35):  # in the middle of either sentence, the process behind it being alive
        await reached(speaker, seq)
        speaker.cut()
    await reached(speaker, 45)
    await asyncio.to_thread(hospital.webs[0].kill)
    await dictating
    assert speaker.connections == 4  # there and back, and there again
    await check_that_nothing_is_missing(hospital, speaker)
