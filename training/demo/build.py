"""Builds the demo hospital through the services that a real one uses. Safe to run twice."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from accounts.models import Membership, Site, User
from annotation.models import RecordingSource
from annotation.services.recordings import recording_ingest
from base.errors import Conflict
from base.storage import data_path, written_whole
from speech import manifest
from speech.audio import SAMPLE_RATE_HZ, wav_bytes, write_flac
from speech.manifest import Utterance
from training.demo.cast import PASSWORD, PEOPLE, SITES
from training.demo.lexicon import lexicons_make
from training.demo.references import REFERENCES_PATH
from training.demo.scenes import Scene, Take, speak_all
from training.demo.script import Script, Sizes, write_script
from training.models import EvaluationSetKind
from training.services.datasets import evaluation_set_freeze
from training.services.speech_models import base_model_register

REPLAY_FOLDER = "replay"
DICTATIONS_FOLDER = "demo/dictations"


def demo_exists() -> bool:
    return data_path(REFERENCES_PATH).exists()


def demo_build(*, sizes: Sizes, say: Callable[[str], None] = print) -> None:
    """Sites, people, base model, frozen sets, replay speech, dictations, recordings; then the references.

    The references are written last: their file says that the demo is complete.
    """
    started = time.monotonic()
    script = write_script(sizes)
    people_make()
    lexicons_make()
    base_model_register()
    _freeze("demo medical", EvaluationSetKind.MEDICAL, script.medical_set)
    _freeze("demo general", EvaluationSetKind.GENERAL, script.general_set)
    _replay(script)
    _dictations(script)
    say(f"frozen sets and replay speech made ({time.monotonic() - started:.0f} s)")
    references = [_ingest(take) for take in speak_all(script.recordings)]
    with written_whole(data_path(REFERENCES_PATH)) as path:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in references))
    say(f"{len(references)} recordings taken in ({time.monotonic() - started:.0f} s)")


def people_make() -> None:
    sites = {
        site.slug: Site.objects.get_or_create(slug=site.slug, defaults={"name": site.name})[0]
        for site in SITES
    }
    for person in PEOPLE:
        user, created = User.objects.get_or_create(username=person.username)
        if created:
            # The engineer starts runs in the admin, which asks for staff rights.
            user.is_staff = person.username in {"engineer", "siteadmin"}
            user.set_password(PASSWORD)
            user.save()
        for slug in person.sites or tuple(sites):
            Membership.objects.get_or_create(user=user, site=sites[slug], role=person.role)
    if not User.objects.filter(username="admin").exists():
        User.objects.create_superuser("admin", password=PASSWORD)


def _freeze(name: str, kind: EvaluationSetKind, scenes: list[Scene]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        utterances = [_utterance(take, root, "") for take in speak_all(scenes)]
        evaluation_set_freeze(name=name, kind=kind, utterances=utterances, root=root)


def _replay(script: Script) -> None:
    root = data_path(REPLAY_FOLDER)
    root.mkdir(parents=True, exist_ok=True)
    utterances = [_utterance(take, root, f"{REPLAY_FOLDER}/") for take in speak_all(script.replay)]
    manifest.write(root / "manifest.jsonl", utterances)


def _utterance(take: Take, root: Path, prefix: str) -> Utterance:
    """Writes the take's FLAC under `root`; the manifest names it with `prefix` before its file name."""
    name = f"{take.scene.name}.flac"
    write_flac(root / name, take.samples)
    return Utterance(
        audio_path=f"{prefix}{name}",
        start_ms=0,
        end_ms=len(take.samples) * 1000 // SAMPLE_RATE_HZ,
        text=take.text,
        speaker=take.scene.voice.name,
        id=take.scene.name,
        words=take.words,
        source="synthetic",
    )


def _dictations(script: Script) -> None:
    for take in speak_all(script.dictations):
        with written_whole(data_path(f"{DICTATIONS_FOLDER}/{take.scene.name}.wav")) as path:
            path.write_bytes(wav_bytes(take.samples))
        with written_whole(data_path(f"{DICTATIONS_FOLDER}/{take.scene.name}.txt")) as path:
            path.write_text(take.text)


def _ingest(take: Take) -> dict[str, object]:
    """One recording through the front door -> its line of the reference file."""
    site = Site.objects.get(slug=take.scene.site)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{take.scene.name}.flac"
        write_flac(path, take.samples)
        try:
            recording = recording_ingest(
                site=site,
                path=path,
                filename=path.name,
                source=RecordingSource.DEMO,
                speaker=take.scene.voice.name,
            )
            uuid = str(recording.uuid)
        except Conflict as known:  # an earlier build was stopped half-way
            uuid = str(known.detail["first"])
    words = [[word.text, word.start_ms, word.end_ms] for word in take.words]
    return {"recording": uuid, "words": words}
