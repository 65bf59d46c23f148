"""The whole way of the data, in order: the executable table of contents.

Real speech through the real VAD, pages, rows, jobs and socket; fakes behind the Recognizer protocol and in
place of the training subprocess. `test_real_loop.py` walks the same way with nothing faked.
"""

import asyncio
import json

import httpx
import pytest

from accounts.models import Role, Site
from annotation.models import Label, Recording, RecordingSource, RecordingStatus, Segment, SegmentStatus
from audit.models import Entry
from base.storage import data_path
from inference.consumers.hearing import EngineClient
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from speech.acoustics import Channel
from speech.audio import float_to_pcm16, wav_bytes
from speech.synthesizer import Voice
from tests.factories import make_site, make_user
from tests.inference.consumers.clinic import Page
from tests.training.rows import PlayedProcess, finished_result, make_set
from training.demo.scenes import Scene, speak
from training.models import DatasetSnapshot, Promotion, Run, RunStatus, SpeechModel
from training.selectors import live_model
from training.services.execution import run_execute
from training.services.speech_models import base_model_register

BASE, TUNED = "fake:病人服用 met for min", "fake:病人服用 Metformin"
SENTENCE = "病人目前服用 Metformin 五百毫克每日兩次"

pytestmark = pytest.mark.django_db(transaction=True)


def spoken(name: str, sentences: int) -> bytes:
    scene = Scene(name, (SENTENCE,) * sentences, Voice("cmn+f2"), Channel())
    return wav_bytes(speak(scene).samples)


@pytest.fixture
def hospital(settings, tmp_path, monkeypatch) -> Site:
    settings.DATA_DIR = tmp_path
    settings.AUSCULT_BASE_MODEL = BASE
    monkeypatch.setitem(run_execute.__kwdefaults__, "start", trained)
    base_model_register()
    return make_site()


def trained(folder) -> PlayedProcess:
    """The training subprocess: its result lies there at once."""
    run = Run.objects.latest("id")
    result = finished_result(run, make_set(), model=TUNED)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result))
    return PlayedProcess(['@@{"stage": "train", "step": 9, "total_steps": 9, "loss": 0.1}\n'])


def test_the_loop_closes(hospital, client, settings, tmp_path, monkeypatch):
    expert, engineer = make_user(Role.EXPERT, site=hospital), make_user(Role.ENGINEER, site=hospital)
    engineer.is_staff = True
    engineer.save()

    # recording -> segments -> drafts
    client.force_login(expert)
    upload = tmp_path / "round.wav"
    upload.write_bytes(spoken("round", 3))
    with upload.open("rb") as stream:
        client.post("/recordings/upload/", {"site": hospital.slug, "files": [stream]})
    recording = Recording.objects.get()
    assert recording.status == RecordingStatus.DRAFTED, recording.error
    assert {segment.hypothesis.text for segment in recording.segments.all()} == {"病人服用 met for min"}
    assert recording.segments.count() >= 2

    # queue -> correction
    page = client.get("/correct/", follow=True)
    path = page.redirect_chain[-1][0]
    body = {"text": SENTENCE, "version": 0, "active_edit_ms": 4000}
    answer = client.post(f"{path}submit/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    label = Label.objects.get()
    assert (label.text, label.origin) == (SENTENCE, "edited")

    # corrections -> snapshot -> run -> model
    client.force_login(engineer)
    client.post("/runs/snapshot/", {"site": hospital.slug})
    snapshot = DatasetSnapshot.objects.get()
    assert snapshot.utterances == 1
    answer = client.post(f"/runs/new/{snapshot.uuid}/", {"base_model": ""})
    assert answer.status_code == 302, answer.context["form"].errors
    run = Run.objects.get()
    assert run.status == RunStatus.DONE, run.error
    tuned = SpeechModel.objects.get(run=run)

    # evaluation -> promotion
    assert live_model(hospital).ref == BASE
    evaluation = tuned.evaluations.get(run=run)
    form = {
        "site": str(hospital.uuid),
        "evaluation": str(evaluation.uuid),
        "override": "there is no general set",
    }
    client.post(f"/models/{tuned.uuid}/promote/", form)
    assert live_model(hospital) == tuned

    # what is uncorrected is drafted again; what is corrected stays
    drafts = set(Segment.objects.filter(status=SegmentStatus.OPEN).values_list("hypothesis__text", flat=True))
    assert drafts == {"病人服用 Metformin"}
    assert Segment.objects.get(status=SegmentStatus.DONE).hypothesis.text == "病人服用 met for min"

    # live: the new model hears; the session comes back as a recording to correct
    said = dictated(monkeypatch, make_user(Role.CLINICIAN, site=hospital), hospital)
    assert [message["text"] for message in said if message["type"] == "final"] == ["病人服用 Metformin"]
    stored = Recording.objects.get(source=RecordingSource.LIVE)
    assert stored.status == RecordingStatus.DRAFTED
    assert stored.segments.filter(status=SegmentStatus.OPEN).exists()

    # and back with one click
    client.post(f"/promotions/{Promotion.objects.get(current=True, site=hospital).uuid}/roll-back/")
    assert live_model(hospital).ref == BASE
    told = set(Entry.objects.values_list("verb", flat=True))
    assert {"label_submitted", "snapshot_built", "model_promoted", "promotion_rolled_back"} <= told
    assert not list(data_path("").rglob(".part-*"))


def dictated(monkeypatch, clinician, site) -> list[dict]:
    """One sentence over the socket, heard by an engine in this process -> everything the server said."""
    samples = speak(Scene("live", (SENTENCE,), Voice("cmn+m3"), Channel())).samples
    engine = create_app(EngineConfig(base_model=TUNED, data_dir=data_path("")))
    monkeypatch.setattr(EngineClient, "transport", httpx.ASGITransport(app=engine))

    async def dictate() -> list[dict]:
        async with engine.router.lifespan_context(engine):
            page = Page(clinician, site)
            await page.open()
            await page.dictate(float_to_pcm16(samples))
            said = await page.stop()
            await page.vanish()
            return said

    return asyncio.run(dictate())
