"""Real people through the front door: every file is taken in, normalised and cut into utterances."""

import os
from pathlib import Path

import pytest

from annotation import tasks
from annotation.models import RecordingStatus
from annotation.services.recordings import recording_ingest
from base.storage import data_path
from speech.audio import read_flac
from tests.factories import make_site

ROOT = Path(__file__).resolve().parents[2]
SPEECH = Path(os.environ.get("AUSCULT_SHARED_DATA", ROOT.parent / "shared" / "data")) / "speech"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("asked"),
    pytest.mark.skipif(not SPEECH.is_dir(), reason=f"needs recorded speech in {SPEECH}"),
]


def test_recorded_speech_becomes_segments() -> None:
    site = make_site()
    folders = sorted(folder for folder in SPEECH.iterdir() if folder.is_dir())
    paths = [path for folder in folders for path in sorted(folder.iterdir())[:6]]
    assert paths
    for path in paths:
        recording = recording_ingest(site=site, path=path, filename=path.name)
        tasks.normalise(recording.pk)
        tasks.segment(recording.pk)
        recording.refresh_from_db()
        assert recording.status == RecordingStatus.SEGMENTED, f"{path.name}: {recording.error}"
        assert len(read_flac(data_path(recording.audio_path))) // 16 == recording.duration_ms
        for segment in recording.segments.all():
            assert 0 <= segment.start_ms < segment.end_ms <= recording.duration_ms
            assert segment.duration_ms <= 20_000 and segment.speech_ms <= segment.duration_ms
    assert sum(recording.segments.exists() for recording in site.recordings.all()) > len(paths) / 2
