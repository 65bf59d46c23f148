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
from base.rows import rows_update
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
_MEASURES = ("snr_db", "clipping_ratio", "silence_ratio", "bandwidth_hz")


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
        recording_advance(
            recording,
            RecordingStatus.NORMALISED,
            **copy_write(recording, levelled),
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
        rows = [segment_measured(recording, index, span, speech, samples) for index, span in enumerate(spans)]
        segments_store(recording=recording, segments=rows)
    if recording.status == RecordingStatus.SEGMENTED and recording.segments.exists():
        enqueue_on_commit(Job.RECORDING_DRAFT, recording.pk)
    return None


def recording_fail(*, recording: Recording, message: str) -> None:
    """`message`: one sentence for a person; the detail belongs into the log."""
    recording_advance(recording, RecordingStatus.FAILED, error=message[:500])


def recording_advance(recording: Recording, status: RecordingStatus, **fields: object) -> bool:
    """One conditional UPDATE along the allowed transitions; False when another run was there first."""
    allowed = [before for before, after in RECORDING_TRANSITIONS.items() if status in after]
    moved = Recording.objects.filter(pk=recording.pk, status__in=allowed).update(status=status, **fields)
    recording.refresh_from_db()
    return moved == 1


def recording_listen(*, recording: Recording) -> int:
    """Where speech is in segments that were cut before this was stored -> how many. May run twice."""
    segments = list(recording.segments.filter(speech_spans__isnull=True))
    if not segments or not recording.audio_path:
        return 0
    speech = speech_spans(read_flac(data_path(recording.audio_path)))
    for segment in segments:
        segment.speech_spans = _spans_within(Span(segment.start_ms, segment.end_ms), speech)
    with transaction.atomic():
        rows_update(segments, ["speech_spans"])
    return len(segments)


def measures_of_part(whole: Segment, start_ms: int, end_ms: int) -> dict[str, float | None]:
    """Of a stretch of the recording; where its sound cannot be read, what was measured of `whole`."""
    try:
        sound = read_flac(data_path(whole.recording.audio_path), start_ms, end_ms)
    except (AudioDecodeError, OSError):
        return {name: getattr(whole, name) for name in _MEASURES}
    return _measures(sound)


def _measures(sound: np.ndarray) -> dict[str, float | None]:
    measured = quality.measure(sound)
    return {name: _finite(getattr(measured, name)) for name in _MEASURES}


def copy_write(recording: Recording, samples: np.ndarray) -> dict[str, object]:
    """Writes FLAC and peaks under the recording's own name -> the fields that point to them."""
    stem = f"audio/{recording.uuid.hex[:2]}/{recording.uuid}"
    audio_path, peaks_path = f"{stem}.flac", f"{stem}.json"
    data_path(audio_path).parent.mkdir(parents=True, exist_ok=True)
    write_flac(data_path(audio_path), samples)
    with written_whole(data_path(peaks_path)) as path:
        path.write_text(json.dumps(peaks(samples), separators=(",", ":")))
    return {"audio_path": audio_path, "peaks_path": peaks_path}


def no_speech() -> str:
    return _("No speech was found in this recording.")


def segments_store(*, recording: Recording, segments: list[Segment]) -> None:
    """Status and segments together. After a retry the segments are there already, and may be corrected."""
    note = "" if segments else no_speech()
    with transaction.atomic():
        moved = recording_advance(recording, RecordingStatus.SEGMENTED, error=note)
        if moved and not recording.segments.exists():
            Segment.objects.bulk_create(segments, batch_size=500)


def segment_measured(
    recording: Recording, index: int, span: Span, speech: list[Span], samples: np.ndarray
) -> Segment:
    """A new row, not stored, with what is measured of its part of the recording's (samples,)."""
    spans = _spans_within(span, speech)
    return Segment(
        recording=recording,
        site_id=recording.site_id,
        index=index,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        speech_ms=sum(end_ms - start_ms for start_ms, end_ms in spans),
        speech_spans=spans,
        **_measures(_cut(samples, span)),
    )


def _cut(samples: np.ndarray, span: Span) -> np.ndarray:
    return samples[span.start_ms * _SAMPLES_PER_MS : span.end_ms * _SAMPLES_PER_MS]


def _spans_within(whole: Span, speech: list[Span]) -> list[list[int]]:
    """Speech inside, in time from its start: [[start_ms, end_ms]]."""
    return [
        [max(part.start_ms, whole.start_ms) - whole.start_ms, min(part.end_ms, whole.end_ms) - whole.start_ms]
        for part in speech
        if part.start_ms < whole.end_ms and part.end_ms > whole.start_ms
    ]


def _finite(value: float | None) -> float | None:
    """Databases and JSON know no infinity: pure silence has no SNR."""
    return float(value) if value is not None and math.isfinite(value) else None
