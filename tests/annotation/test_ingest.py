"""A recording comes in through the service: kept as it is, or refused with a plain sentence and no trace."""

import io
from pathlib import Path

import numpy as np
import pytest

from annotation.models import Recording, RecordingStatus
from annotation.services.recordings import recording_ingest, recording_retry
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from base.jobs import Job
from base.storage import data_path, sha256_of
from tests.annotation.sounds import files_under, write_sound
from tests.factories import Cast, make_recording, make_site, make_tone


def test_it_keeps_the_original_byte_for_byte(cast: Cast, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "ward round.wav", np.stack([make_tone(300)] * 2, axis=1), 44_100)
    recording = recording_ingest(site=cast.site, path=path, filename=path.name, user=cast.annotator)
    assert data_path(recording.original_path).read_bytes() == path.read_bytes()
    assert recording.original_sha256 == sha256_of(path)
    assert (recording.title, recording.status) == ("ward round.wav", RecordingStatus.UPLOADED)
    assert recording.uploaded_by == cast.annotator


def test_it_asks_for_the_work_and_leaves_an_audit_entry(
    cast: Cast, tmp_path: Path, asked: list, django_capture_on_commit_callbacks
) -> None:
    stream = io.BytesIO(write_sound(tmp_path / "a.wav").read_bytes())
    with django_capture_on_commit_callbacks(execute=True):
        recording = recording_ingest(site=cast.site, stream=stream, filename="a.wav", user=cast.annotator)
    assert asked == [(Job.RECORDING_NORMALISE, recording.pk)]
    entry = Entry.objects.get(verb="recording_ingested")
    assert (entry.actor, entry.site) == (cast.annotator, cast.site)


def test_a_duplicate_is_refused_with_a_pointer_to_the_first(cast: Cast, tmp_path: Path, settings) -> None:
    path = write_sound(tmp_path / "first.wav")
    first = recording_ingest(site=cast.site, path=path, filename="first.wav")
    with pytest.raises(Conflict) as refusal:
        recording_ingest(site=cast.site, path=path, filename="again.mp3")
    assert refusal.value.code == "duplicate_recording"
    assert refusal.value.detail == {"first": str(first.uuid), "title": "first.wav"}
    assert files_under(settings.DATA_DIR) == [first.original_path]


def test_two_sites_may_hold_the_same_file(cast: Cast, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav")
    one = recording_ingest(site=cast.site, path=path, filename="a.wav")
    other = recording_ingest(site=make_site(), path=path, filename="a.wav")
    with pytest.raises(Conflict):
        recording_ingest(site=cast.site, path=path, filename="a.wav")
    assert data_path(one.original_path).exists() and data_path(other.original_path).exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.wav", b""),
        ("notes.txt", b"not a sound " * 1000),
        ("broken.mp3", b"ID3\x04" + bytes(range(256)) * 40),
        ("header only.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "),
        ("page.html", b"<html><body>" + b"x" * 5000),
    ],
)
def test_what_is_no_sound_is_refused_and_leaves_nothing(cast: Cast, settings, name, content) -> None:
    with pytest.raises(DomainError) as refusal:
        recording_ingest(site=cast.site, stream=io.BytesIO(content), filename=name)
    assert refusal.value.code == "not_audio"
    assert refusal.value.message.endswith(".")
    assert files_under(settings.DATA_DIR) == []
    assert not Recording.objects.exists()


def test_a_file_over_the_size_limit_is_refused_and_leaves_nothing(cast: Cast, tmp_path, settings) -> None:
    settings.AUSCULT_MAX_UPLOAD_MB = 1
    path = write_sound(tmp_path / "long.wav", make_tone(60_000))
    with pytest.raises(DomainError, match="1 MB") as refusal:
        recording_ingest(site=cast.site, path=path, filename="long.wav")
    assert refusal.value.code == "file_too_large"
    assert files_under(settings.DATA_DIR) == []


def test_a_recording_over_the_time_limit_is_refused_at_once(cast: Cast, tmp_path, settings) -> None:
    settings.AUSCULT_MAX_RECORDING_S = 2
    path = write_sound(tmp_path / "long.wav", make_tone(3000))
    with pytest.raises(DomainError, match="2 seconds"):
        recording_ingest(site=cast.site, path=path, filename="long.wav")
    assert files_under(settings.DATA_DIR) == []


def test_an_outsider_cannot_bring_files_to_a_site(cast: Cast, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav")
    with pytest.raises(Forbidden):
        recording_ingest(site=cast.site, path=path, filename="a.wav", user=cast.outsider)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\evil.wav", "a.wav/../../x", "x" * 400, "", "\x00\n", "a\udc80.wav"]
)
def test_a_hostile_file_name_stays_a_title(cast: Cast, tmp_path: Path, settings, name: str) -> None:
    path = write_sound(tmp_path / "a.wav")
    recording = recording_ingest(site=cast.site, path=path, filename=name)
    assert "/" not in recording.title and 0 < len(recording.title) <= 255
    assert files_under(settings.DATA_DIR) == [recording.original_path]


def test_a_failed_recording_starts_again_and_a_finished_one_does_not(
    cast: Cast, asked: list, django_capture_on_commit_callbacks
) -> None:
    failed = make_recording(cast.site, status=RecordingStatus.FAILED, error="The disk was full.")
    with django_capture_on_commit_callbacks(execute=True):
        recording_retry(user=cast.engineer, recording=failed)
    failed.refresh_from_db()
    assert (failed.status, failed.error) == (RecordingStatus.UPLOADED, "")
    assert asked == [(Job.RECORDING_NORMALISE, failed.pk)]
    with pytest.raises(Conflict):
        recording_retry(user=cast.engineer, recording=make_recording(cast.site))
    with pytest.raises(Forbidden):
        recording_retry(user=cast.outsider, recording=failed)


@pytest.mark.parametrize(
    ("status", "job"),
    [
        (RecordingStatus.UPLOADED, Job.RECORDING_NORMALISE),
        (RecordingStatus.NORMALISED, Job.RECORDING_SEGMENT),
        (RecordingStatus.SEGMENTED, Job.RECORDING_DRAFT),
    ],
)
def test_a_recording_whose_job_was_lost_goes_on_where_it_stopped(
    cast: Cast, asked: list, django_capture_on_commit_callbacks, status: str, job: Job
) -> None:
    stuck = make_recording(cast.site, status=status)
    with django_capture_on_commit_callbacks(execute=True):
        recording_retry(user=cast.engineer, recording=stuck)
    stuck.refresh_from_db()
    assert stuck.status == status and asked == [(job, stuck.pk)]
