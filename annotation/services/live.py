"""A live session becomes a recording, while it is spoken: the same ids, its own texts as drafts.

The recording is there from the first utterance that an expert should look at; it grows until the session
ends. Knows nothing of sessions: it is given sound and what was heard in it.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Site, User
from annotation.models import Recording, RecordingSource, RecordingStatus, Segment, SegmentStatus
from annotation.services.hypotheses import Result, hypotheses_store, recordings_drafted
from annotation.services.sound import copy_write, no_speech, recording_advance, segment_measured
from audit.services import entry_add
from base.jobs import Job, enqueue_on_commit
from base.storage import place, staged
from speech import types
from speech.audio import SAMPLE_RATE_HZ, normalise_loudness
from speech.segment import utterances
from speech.types import Span
from speech.vad import speech_spans

FOLDER = "originals"
SHORTEST_MISSED_MS = 400  # speech that no utterance covered; less is the edge of one
_AROUND_MS = 1000  # what the voice detector hears before and after an utterance
_SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance. `heard`: word times from its start; None: nobody has heard it yet."""

    uuid: UUID
    index: int
    span: Span
    heard: types.Hypothesis | None
    model_ref: str = ""
    adapter_ref: str = ""
    language: str = ""


def recording_begin(*, uuid: UUID, site: Site, user: User, title: str) -> Recording:
    """The session's recording, made once."""
    recording, made = Recording.objects.get_or_create(
        uuid=uuid,
        defaults={
            "site": site,
            "source": RecordingSource.LIVE,
            "status": RecordingStatus.GROWING,
            "title": title[:255],
            "speaker": user.get_username()[:80],
            "uploaded_by": user,
            # Of its name, not of its sound: who dictates the same twice has made two recordings.
            "original_sha256": hashlib.sha256(b"live session " + uuid.bytes).hexdigest(),
        },
    )
    if made:
        entry_add(actor=user, verb="recording_ingested", target=recording, site=site)
    return recording


def recording_grow(*, recording: Recording, samples: np.ndarray, spoken: Sequence[Spoken]) -> int:
    """The sound so far, (samples,), and the segments of `spoken` -> segments that are new in the queue."""
    if recording.status != RecordingStatus.GROWING:
        return 0
    levelled = _sound_store(recording, samples)
    _segments_add(recording, levelled, spoken, _speech_around(levelled, spoken))
    return _drafts_store(recording, spoken)


def recording_complete(
    *, recording: Recording, original: Path, samples: np.ndarray, spoken: Sequence[Spoken]
) -> None:
    """GROWING -> SEGMENTED -> DRAFTED. `original`: the sound as it came, a WAV that is copied.

    Every utterance is a segment, and so is speech that none of them covered; only what has no text yet is
    heard again. Safe to repeat.
    """
    if recording.status != RecordingStatus.GROWING:
        return
    recording.original_path = _original_keep(recording, original)
    levelled = _sound_store(recording, samples)
    speech = speech_spans(levelled)
    _segments_add(recording, levelled, spoken, speech)
    _drafts_store(recording, spoken)
    missed = missed_speech(levelled, speech, [one.span for one in spoken])
    with transaction.atomic():
        rows = [segment_measured(recording, 0, span, speech, levelled) for span in missed]
        _segments_create(recording, rows)
        _grown(recording, "" if recording.segments.exists() else no_speech())


def recording_close(*, recording: Recording) -> None:
    """As recording_complete, with what had arrived: the sound itself is not on the disk any more."""
    if recording.status == RecordingStatus.GROWING:
        with transaction.atomic():
            _grown(recording, _("This dictation's sound is gone from the disk; only this much was kept."))


def _grown(recording: Recording, note: str) -> None:
    recording_advance(recording, RecordingStatus.SEGMENTED, error=note)
    if recording.segments.filter(status=SegmentStatus.WAITING).exists():
        enqueue_on_commit(Job.RECORDING_DRAFT, recording.pk)
    elif recording.segments.exists():
        recordings_drafted({recording.pk})


def missed_speech(samples: np.ndarray, speech: Sequence[Span], covered: Sequence[Span]) -> list[Span]:
    """Utterances of the speech that lies in none of `covered`, in order, apart from them and each other."""
    missed = []
    for gap in _gaps(covered, len(samples) // _SAMPLES_PER_MS):
        inside = [
            Span(max(span.start_ms, gap.start_ms) - gap.start_ms, min(span.end_ms, gap.end_ms) - gap.start_ms)
            for span in speech
            if span.start_ms < gap.end_ms and span.end_ms > gap.start_ms
        ]
        if sum(span.duration_ms for span in inside) < SHORTEST_MISSED_MS:
            continue
        sound = samples[gap.start_ms * _SAMPLES_PER_MS : gap.end_ms * _SAMPLES_PER_MS]
        found = utterances(sound, [span for span in inside if span.duration_ms >= SHORTEST_MISSED_MS // 2])
        missed += [Span(one.start_ms + gap.start_ms, one.end_ms + gap.start_ms) for one in found]
    return missed


def _gaps(covered: Sequence[Span], duration_ms: int) -> Iterator[Span]:
    at_ms = 0
    for span in sorted(covered, key=lambda one: one.start_ms):
        if min(span.start_ms, duration_ms) > at_ms:
            yield Span(at_ms, min(span.start_ms, duration_ms))
        at_ms = max(at_ms, span.end_ms)
    if at_ms < duration_ms:
        yield Span(at_ms, duration_ms)


def _original_keep(recording: Recording, original: Path) -> str:
    with original.open("rb") as stream:
        pieces = iter(lambda: stream.read(1 << 20), b"")
        with staged(pieces, FOLDER, ".wav") as (temporary, _digest):
            return place(temporary, recording.original_sha256, FOLDER, ".wav")


def _sound_store(recording: Recording, samples: np.ndarray) -> np.ndarray:
    levelled, loudness_lufs = normalise_loudness(samples)
    fields = {
        **copy_write(recording, levelled),
        "original_path": recording.original_path,
        "original_sample_rate_hz": SAMPLE_RATE_HZ,
        "original_channels": 1,
        "duration_ms": len(samples) // _SAMPLES_PER_MS,
        "loudness_lufs": loudness_lufs if math.isfinite(loudness_lufs) else None,
    }
    Recording.objects.filter(pk=recording.pk).update(**fields)
    for name, value in fields.items():
        setattr(recording, name, value)
    return levelled


def _speech_around(samples: np.ndarray, spoken: Sequence[Spoken]) -> list[Span]:
    """Only where somebody will look: an hour is not listened through for one utterance. No speech twice."""
    found = []
    for window in _windows([one.span for one in spoken]):
        sound = samples[window.start_ms * _SAMPLES_PER_MS : window.end_ms * _SAMPLES_PER_MS]
        speech = speech_spans(sound)
        found += [Span(one.start_ms + window.start_ms, one.end_ms + window.start_ms) for one in speech]
    return found


def _windows(spans: Sequence[Span]) -> list[Span]:
    """Each with what is around it; neighbours whose surroundings meet are in one window."""
    windows: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start_ms):
        from_ms, to_ms = max(0, span.start_ms - _AROUND_MS), span.end_ms + _AROUND_MS
        if windows and from_ms <= windows[-1].end_ms:
            last = windows.pop()
            from_ms, to_ms = last.start_ms, max(last.end_ms, to_ms)
        windows.append(Span(from_ms, to_ms))
    return windows


def _segments_add(
    recording: Recording, samples: np.ndarray, spoken: Sequence[Spoken], speech: list[Span]
) -> None:
    duration_ms = len(samples) // _SAMPLES_PER_MS
    rows = []
    known = set(recording.segments.values_list("uuid", flat=True))
    for one in spoken:
        if one.uuid not in known and one.span.start_ms < duration_ms:
            span = Span(one.span.start_ms, min(one.span.end_ms, duration_ms))
            near = [part for part in speech if part.start_ms < span.end_ms and part.end_ms > span.start_ms]
            row = segment_measured(recording, one.index, span, near, samples)
            row.uuid = one.uuid
            rows.append(row)
    with transaction.atomic():
        _segments_create(recording, rows)


def _segments_create(recording: Recording, rows: Sequence[Segment]) -> None:
    """Those that are not there yet. A number that a split has taken meanwhile is not given again."""
    Recording.objects.select_for_update(of=("self",), no_key=True).get(pk=recording.pk)
    there = dict(recording.segments.values_list("uuid", "index"))
    taken = set(there.values())
    new = [row for row in rows if row.uuid not in there]
    for row in new:
        if row.index in taken:
            row.index = max(taken) + 1
        taken.add(row.index)
    Segment.objects.bulk_create(new)


def _drafts_store(recording: Recording, spoken: Sequence[Spoken]) -> int:
    """What was heard live is the draft, with all that it knows of itself; nothing is heard twice."""
    waiting = recording.segments.filter(hypothesis=None, status=SegmentStatus.WAITING)
    segments = {segment.uuid: segment for segment in waiting.select_related("recording")}
    batches: dict[tuple[str, str, str], list[Result]] = {}
    for one in spoken:
        if one.heard is not None and one.uuid in segments:
            made_by = (one.model_ref, one.adapter_ref, one.language)
            batches.setdefault(made_by, []).append((segments[one.uuid], one.heard))
    return sum(
        hypotheses_store(
            results=results,
            model_ref=model_ref,
            adapter_ref=adapter_ref,
            settings={"by": "live", "lane": "final", "language": language},
        )
        for (model_ref, adapter_ref, language), results in batches.items()
    )
