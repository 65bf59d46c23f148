"""A worker that is killed leaves recordings half way: the next one goes on with them."""

from pathlib import Path

import pytest

from annotation import tasks
from annotation.models import RecordingStatus
from annotation.services.recordings import recordings_resume
from base.jobs import Job, jobs_are_lost
from tests.factories import Cast, make_recording, make_segment


def test_every_recording_on_its_way_is_asked_for_its_next_step(
    cast: Cast, asked: list, django_capture_on_commit_callbacks
) -> None:
    uploaded = make_recording(cast.site, status=RecordingStatus.UPLOADED)
    normalised = make_recording(cast.site, status=RecordingStatus.NORMALISED)
    segmented = make_recording(cast.site, status=RecordingStatus.SEGMENTED)
    make_segment(segmented, 0, 1000)
    make_recording(cast.site, status=RecordingStatus.SEGMENTED)  # nobody speaks in it: it is at its end
    make_recording(cast.site, status=RecordingStatus.DRAFTED)
    make_recording(cast.site, status=RecordingStatus.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        assert recordings_resume() == 3
    assert asked == [
        (Job.RECORDING_NORMALISE, uploaded.pk),
        (Job.RECORDING_SEGMENT, normalised.pk),
        (Job.RECORDING_DRAFT, segmented.pk),
    ]


@pytest.mark.django_db
def test_nothing_is_asked_twice_while_jobs_wait(settings, tmp_path: Path, monkeypatch) -> None:
    resumed: list[bool] = []
    monkeypatch.setattr(tasks, "recordings_resume", lambda: resumed.append(True) or 1)
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path)}
    waiting = tmp_path / "1_job.cpu.msg"
    waiting.touch()
    tasks.go_on()
    assert not resumed
    waiting.unlink()
    tasks.go_on()
    assert resumed


def test_a_server_hands_a_lost_job_out_again_by_itself(settings) -> None:
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60}
    assert not jobs_are_lost()
