"""What the worker does with a recording's sound: normalised copy, peaks, segments with their quality.

Each step may run twice: it looks at the row's status first and changes it by one conditional UPDATE.
"""

import json
import math

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.models import Recording, RecordingStatus, Segment
from annotation.models.recordings import RECORDING_TRANSITIONS
from annotation.services.refusals import why_refused
from base.jobs import Job, enqueue_on_commit
from base.storage import data_path, written_whole
from speech import quality
from speech.audio import (
    SAMPLE_RATE_HZ,
    AudioDecodeError,
    decode,
    normalise_loudness,
    peaks,
    read_flac,
    write_flac,
)
from speech.segment import utterances
from speech.types import Span
from speech.vad import speech_spans

_SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000


def recording_normalise(*, recording: Recording) -> None:
    """Original -> 16 kHz mono FLAC at one loudness, and the peaks to draw. The original stays untouched."""
    if recording.status == RecordingStatus.UPLOADED:
        try:
            samples, info = decode(
                data_path(recording.original_path), max_duration_s=settings.AUSCULT_MAX_RECORDING_S
            )
        except AudioDecodeError as error:
            return recording_fail(recording=recording, message=why_refused(error))
        levelled, loudness_lufs = normalise_loudness(samples)
        _advance(
            recording,
            RecordingStatus.NORMALISED,
            **_write_copy(recording, levelled),
            original_sample_rate_hz=info.sample_rate_hz,
            original_channels=info.channels,
            duration_ms=len(samples) // _SAMPLES_PER_MS,
            loudness_lufs=loudness_lufs if math.isfinite(loudness_lufs) else None,
        )
    if recording.status == RecordingStatus.NORMALISED:
        enqueue_on_commit(Job.RECORDING_SEGMENT, recording.pk)
    return None


def recording_segment(*, recording: Recording) -> None:
    """FLAC -> utterances by VAD, with what is measured of each. No speech: no segments, and a note."""
    if recording.status == RecordingStatus.NORMALISED:
        try:
            samples = read_flac(data_path(recording.audio_path))
        except AudioDecodeError as error:
            return recording_fail(recording=recording, message=why_refused(error))
        speech = speech_spans(samples)
        spans = utterances(samples, speech)
        rows = [
            _segment(recording, index, span, speech, _cut(samples, span)) for index, span in enumerate(spans)
        ]
        _store_segments(recording, rows)
    if recording.status == RecordingStatus.SEGMENTED and recording.segments.exists():
        enqueue_on_commit(Job.RECORDING_DRAFT, recording.pk)
    return None


def recording_fail(*, recording: Recording, message: str) -> None:
    """`message`: one sentence for a person; the detail belongs into the log."""
    _advance(recording, RecordingStatus.FAILED, error=message[:500])


def _advance(recording: Recording, status: RecordingStatus, **fields: object) -> bool:
    """One conditional UPDATE along the allowed transitions; False when another run was there first."""
    allowed = [before for before, after in RECORDING_TRANSITIONS.items() if status in after]
    moved = Recording.objects.filter(pk=recording.pk, status__in=allowed).update(status=status, **fields)
    recording.refresh_from_db()
    return moved == 1


def _write_copy(recording: Recording, samples: np.ndarray) -> dict[str, object]:
    """Writes FLAC and peaks under the recording's own name -> the fields that point to them."""
    stem = f"audio/{recording.uuid.hex[:2]}/{recording.uuid}"
    audio_path, peaks_path = f"{stem}.flac", f"{stem}.json"
    data_path(audio_path).parent.mkdir(parents=True, exist_ok=True)
    write_flac(data_path(audio_path), samples)
    with written_whole(data_path(peaks_path)) as path:
        path.write_text(json.dumps(peaks(samples), separators=(",", ":")))
    return {"audio_path": audio_path, "peaks_path": peaks_path}


def _store_segments(recording: Recording, rows: list[Segment]) -> None:
    """Status and segments together. After a retry the segments are there already, and may be corrected."""
    note = "" if rows else _("No speech was found in this recording.")
    with transaction.atomic():
        moved = _advance(recording, RecordingStatus.SEGMENTED, error=note)
        if moved and not recording.segments.exists():
            Segment.objects.bulk_create(rows, batch_size=500)


def _segment(recording: Recording, index: int, span: Span, speech: list[Span], sound: np.ndarray) -> Segment:
    measured = quality.measure(sound)
    return Segment(
        recording=recording,
        site_id=recording.site_id,
        index=index,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        speech_ms=sum(_overlap_ms(span, part) for part in speech),
        snr_db=_finite(measured.snr_db),
        clipping_ratio=_finite(measured.clipping_ratio),
        silence_ratio=_finite(measured.silence_ratio),
        bandwidth_hz=_finite(measured.bandwidth_hz),
    )


def _cut(samples: np.ndarray, span: Span) -> np.ndarray:
    return samples[span.start_ms * _SAMPLES_PER_MS : span.end_ms * _SAMPLES_PER_MS]


def _overlap_ms(one: Span, other: Span) -> int:
    return max(0, min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms))


def _finite(value: float | None) -> float | None:
    """Databases and JSON know no infinity: pure silence has no SNR."""
    return float(value) if value is not None and math.isfinite(value) else None
