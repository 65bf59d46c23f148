"""What happens in one round, stage by stage, each through the pages and sockets that people use."""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annotation.models import Recording, RecordingStatus, Segment, SegmentStatus
from benchmarks.live_client import dictate
from benchmarks.loop.expert import Work, correct
from benchmarks.loop.person import Person, page_data
from benchmarks.loop.processes import Addresses
from speech.audio import decode, wav_bytes
from training.demo.cast import SITES
from training.demo.references import References
from training.models import DatasetSnapshot, Evaluation, Run, RunStatus, SpeechModel
from training.selectors import live_model

POLL_S = 0.5
OVERRIDE = "a measured round goes on to its end"
LIVE_CLIENTS = 3


class LoopError(RuntimeError):
    """A stage did not come to its end; the message says what was seen."""


@dataclass(slots=True)
class Loop:
    """The state of one round."""

    addresses: Addresses
    data_dir: Path
    work: Work = field(default_factory=Work)
    run: Run | None = None
    latencies_ms: list[float] = field(default_factory=list)
    lost_audio_ms: float = 0.0


def upload(loop: Loop) -> None:
    """Two files through the browser's form: one that is a recording, one that is not."""
    expert = Person(loop.addresses.web, "expert")
    noise = np.random.default_rng(0).normal(0, 0.01, 32_000).astype(np.float32)
    files = [
        ("files", ("ward-round.wav", wav_bytes(noise), "audio/wav")),
        ("files", ("notes.wav", b"this is no sound", "audio/wav")),
    ]
    answer = expert.post("/recordings/upload/", {"site": SITES[0].slug}, files).text
    if "ward-round.wav" not in answer or "notes.wav" not in answer:
        raise LoopError("the upload did not report on each file")
    if Recording.objects.filter(title__contains="ward-round").count() != 1:
        raise LoopError("the good file was not taken in")


def draft(loop: Loop, timeout_s: float = 300) -> None:
    """Waits until the worker has cut and drafted every recording."""

    def drafted() -> bool:
        failed = Recording.objects.filter(status=RecordingStatus.FAILED).first()
        if failed:
            raise LoopError(f"{failed.title}: {failed.error}")
        open_recordings = Recording.objects.exclude(status=RecordingStatus.DRAFTED)
        return (
            not open_recordings.filter(segments__isnull=False).exists()
            and not open_recordings.filter(
                status__in=[RecordingStatus.UPLOADED, RecordingStatus.NORMALISED]
            ).exists()
        )

    _wait_for(drafted, timeout_s, "recordings are not drafted")


def correct_segments(loop: Loop, segments: int) -> None:
    loop.work = correct(Person(loop.addresses.web, "expert"), References.load(), segments)
    if not loop.work.corrected:
        raise LoopError("the queue served nothing to correct")


def train(loop: Loop, knobs: dict[str, object], timeout_s: float = 560) -> None:
    """The engineer builds a snapshot and presses train in the admin; the worker does the rest."""
    engineer = Person(loop.addresses.web, "engineer")
    engineer.post("/admin/training/datasetsnapshot/build/", {})
    snapshot = DatasetSnapshot.objects.latest("id")
    engineer.post(f"/admin/training/datasetsnapshot/{snapshot.pk}/train/", knobs)
    loop.run = run = Run.objects.latest("id")

    def ended() -> bool:
        run.refresh_from_db()
        if run.status in (RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.CANCELLED):
            raise LoopError(f"the run is {run.status}: {run.error}")
        return run.status == RunStatus.DONE

    _wait_for(ended, timeout_s, "the run does not end")
    engineer.get(f"/runs/{run.uuid}/")


def promote(loop: Loop) -> None:
    engineer = Person(loop.addresses.web, "engineer")
    model = SpeechModel.objects.get(run=loop.run)
    evaluation = evaluation_of(model, "medical")
    form = {"site": "", "evaluation": str(evaluation.uuid), "override": ""}
    engineer.post(f"/models/{model.uuid}/promote/", form)
    if live_model() != model:
        print("(the gate says no; promoted all the same, to measure the rest) ", end="", file=sys.stderr)
        engineer.post(f"/models/{model.uuid}/promote/", {**form, "override": OVERRIDE})
    if live_model() != model:
        raise LoopError("the new model is not live")


def redraft(loop: Loop, timeout_s: float = 240) -> None:
    """Waits until every uncorrected segment carries a draft of the new model."""
    model = SpeechModel.objects.get(run=loop.run)
    left = Segment.objects.filter(status=SegmentStatus.OPEN).exclude(hypothesis__model_ref=model.ref)
    _wait_for(lambda: not left.exists(), timeout_s, "segments are not re-drafted")


def live(loop: Loop) -> None:
    """Several clinicians dictate at once, in real time, over the product's own socket."""
    person = Person(loop.addresses.web, "clinician")
    socket = page_data(person.get("/live/").text, "live-config")["socket"]
    url = loop.addresses.web.replace("http", "ws") + socket
    headers = {"Cookie": person.cookies, "Origin": loop.addresses.web}
    files = sorted((loop.data_dir / "demo" / "dictations").glob("*.wav"))[:LIVE_CLIENTS]

    async def everybody() -> list:
        return await asyncio.gather(*(dictate(url, headers, decode(path)[0]) for path in files))

    for result in asyncio.run(everybody()):
        loop.latencies_ms += result.latencies_ms
        loop.lost_audio_ms += result.lost_audio_ms
    if not loop.latencies_ms:
        raise LoopError("no final text came over the live socket")


def evaluation_of(model: SpeechModel, kind: str) -> Evaluation:
    return Evaluation.objects.filter(model=model, evaluation_set__kind=kind).latest("id")


def _wait_for(done, timeout_s: float, complaint: str) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise LoopError(f"{complaint} after {timeout_s:.0f} s")
        time.sleep(POLL_S)
