"""The worker's part: normalised copy, peaks, segments; safe to run twice; a failure is told in the row."""

import json
from pathlib import Path

import numpy as np
import pytest

from annotation import tasks
from annotation.models import Recording, RecordingStatus, SegmentStatus
from annotation.services import sound
from annotation.services.recordings import recording_ingest
from base import jobs
from base.jobs import Job
from base.storage import data_path
from speech.audio import read_flac
from tests.annotation.sounds import spoken, write_sound
from tests.factories import SAMPLE_RATE_HZ, make_label, make_recording, make_segment, make_site, make_tone

pytestmark = pytest.mark.django_db


def ingested(tmp_path: Path, samples: np.ndarray) -> Recording:
    path = write_sound(tmp_path / "a.wav", samples)
    return recording_ingest(site=make_site(), path=path, filename="a.wav")


def test_the_copy_is_16_khz_mono_at_one_loudness_and_the_original_stays(tmp_path: Path) -> None:
    quiet = np.stack([spoken() * 0.05] * 2, axis=1)
    path = write_sound(tmp_path / "a.wav", quiet)
    original = path.read_bytes()
    recording = recording_ingest(site=make_site(), path=path, filename="a.wav")
    sound.recording_normalise(recording=recording)
    recording.refresh_from_db()
    copy = read_flac(data_path(recording.audio_path))
    assert recording.status == RecordingStatus.NORMALISED
    assert data_path(recording.original_path).read_bytes() == original
    assert (recording.original_channels, recording.original_sample_rate_hz) == (2, SAMPLE_RATE_HZ)
    assert recording.duration_ms == len(quiet) // 16 == len(copy) // 16
    assert recording.loudness_lufs is not None and recording.loudness_lufs < -35
    assert 5 < np.abs(copy).max() / np.abs(quiet).max() < 40


def test_peaks_are_computed_once_at_fifty_a_second(tmp_path: Path) -> None:
    recording = ingested(tmp_path, make_tone(2000))
    sound.recording_normalise(recording=recording)
    peaks = json.loads(data_path(recording.peaks_path).read_text())
    assert len(peaks) == 100 and 0 < max(peaks) <= 127


def test_speech_becomes_utterances_with_their_quality(tmp_path: Path) -> None:
    recording = ingested(tmp_path, spoken())
    sound.recording_normalise(recording=recording)
    sound.recording_segment(recording=recording)
    assert recording.status == RecordingStatus.SEGMENTED
    segments = list(recording.segments.all())
    assert [segment.index for segment in segments] == [0, 1]
    for segment in segments:
        assert 1000 <= segment.duration_ms <= 20_000
        assert 0 < segment.speech_ms <= segment.duration_ms
        assert segment.status == SegmentStatus.WAITING
        assert None not in (segment.snr_db, segment.clipping_ratio, segment.silence_ratio)
    assert segments[0].end_ms <= segments[1].start_ms


def test_without_speech_there_are_no_segments_and_a_note(
    tmp_path: Path, asked: list, django_capture_on_commit_callbacks
) -> None:
    recording = ingested(tmp_path, np.zeros(3 * SAMPLE_RATE_HZ, np.float32))
    with django_capture_on_commit_callbacks(execute=True):
        sound.recording_normalise(recording=recording)
        sound.recording_segment(recording=recording)
    assert recording.status == RecordingStatus.SEGMENTED
    assert recording.error and not recording.segments.exists()
    assert Job.RECORDING_DRAFT not in [job for job, _ in asked]


def test_each_step_may_run_twice(tmp_path: Path, asked: list, django_capture_on_commit_callbacks) -> None:
    recording = ingested(tmp_path, spoken())
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            tasks.normalise(recording.pk)
        before = recording.peaks_path
        for _ in range(2):
            tasks.segment(recording.pk)
        tasks.normalise(recording.pk)
    recording.refresh_from_db()
    assert recording.segments.count() == 2
    assert recording.status == RecordingStatus.SEGMENTED and before in ("", recording.peaks_path)
    # A message that was lost on the way is asked for again; one that came too late asks for nothing.
    assert [job for job, _ in asked] == [Job.RECORDING_SEGMENT] * 2 + [Job.RECORDING_DRAFT] * 2


def test_two_workers_on_one_recording_store_its_segments_once(tmp_path: Path) -> None:
    recording = ingested(tmp_path, spoken())
    sound.recording_normalise(recording=recording)
    slow = Recording.objects.get(pk=recording.pk)
    sound.recording_segment(recording=recording)
    sound.recording_segment(recording=slow)
    assert recording.segments.count() == 2
    assert slow.status == RecordingStatus.SEGMENTED


def test_the_whole_chain_runs_from_one_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    drafted, enqueue = [], jobs._enqueue

    def stop_at_draft(job: Job, pk: int) -> None:
        drafted.append(pk) if job == Job.RECORDING_DRAFT else enqueue(job, pk)

    monkeypatch.setattr(jobs, "_enqueue", stop_at_draft)
    with django_capture_on_commit_callbacks(execute=True):
        recording = ingested(tmp_path, spoken())
    assert drafted == [recording.pk]
    assert recording.segments.count() == 2


def test_a_file_that_breaks_later_fails_with_one_sentence(tmp_path: Path, settings) -> None:
    recording = ingested(tmp_path, make_tone(3000))
    settings.AUSCULT_MAX_RECORDING_S = 2
    tasks.normalise(recording.pk)
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.FAILED
    assert "2 seconds" in recording.error


def test_an_unforeseen_error_is_logged_and_told_plainly(tmp_path: Path, monkeypatch, caplog) -> None:
    recording = ingested(tmp_path, spoken())
    tasks.normalise(recording.pk)
    monkeypatch.setattr(sound, "speech_spans", lambda samples: 1 / 0)
    tasks.segment(recording.pk)
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.FAILED
    assert recording.error and "division" not in recording.error
    assert "ZeroDivisionError" in caplog.text


def test_a_retry_keeps_segments_that_people_have_corrected(tmp_path: Path) -> None:
    recording = make_recording(samples=spoken(), status=RecordingStatus.UPLOADED)
    label = make_label(make_segment(recording, 0, 1500))
    sound.recording_normalise(recording=recording)
    sound.recording_segment(recording=recording)
    assert recording.status == RecordingStatus.SEGMENTED
    assert list(recording.segments.all()) == [label.segment]
