"""What is stored after the accidents, beside what was said. Does the worker's part first, in this process."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benchmarks.chaos.speaker import FRAME_BYTES, Speaker

EDGE_MS = 350  # padding of two neighbours
CER_BAR = 0.1  # between the text of a disturbed session and that of an undisturbed one


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one session. `text` is what was heard live; `drafted`: utterances that a worker had to hear;
    `changed`: texts that the speaker saw as final and that are stored otherwise."""

    lost_ms: int
    acked_lost_ms: int
    byte_equal: bool
    has_all_text: bool
    text: str
    drafted: int
    recording: bool
    same_ids: bool
    twice: int
    changed: int


def verdict_of(speaker: Speaker) -> Verdict:
    from annotation.models import Segment, SegmentStatus
    from base.storage import data_path
    from inference.models import LiveSession, LiveSessionStatus, utterance_uuid
    from inference.services.drafts import recording_draft
    from inference.services.growing import session_store

    session = LiveSession.objects.select_related("site", "user", "model").get(uuid=speaker.session)
    if session.status == LiveSessionStatus.ENDED:
        session_store(session=session)
    session.refresh_from_db()
    recording = session.recording
    if recording is None:
        return Verdict(len(speaker.pcm) // 32, 0, False, False, "", 0, False, False, 0, 0)
    recording_draft(recording=recording)
    sound = data_path(recording.original_path).read_bytes()[44:]
    acked = min(len(speaker.pcm), (speaker.acked_seq + 1) * FRAME_BYTES)
    rows = list(session.utterances.order_by("index"))
    there = Segment.objects.filter(recording=recording).select_related("hypothesis")
    segments = {one.uuid: one for one in there}
    texts = [_text(segments.get(row.uuid)) for row in rows]
    waiting = [one for one in segments.values() if one.status == SegmentStatus.WAITING]
    return Verdict(
        lost_ms=max(0, len(speaker.pcm) - len(sound)) // 32,
        acked_lost_ms=max(0, acked - len(sound)) // 32,
        byte_equal=sound == speaker.pcm,
        has_all_text=None not in texts and not waiting,
        text="".join(text or "" for text in texts),
        drafted=len(segments) - sum(row.heard_at is not None for row in rows),
        recording=recording.uuid == session.uuid,
        same_ids=all(row.uuid == utterance_uuid(session.uuid, row.index) for row in rows),
        twice=sum(_overlaps(rows)),
        changed=speaker.finals_again
        + sum(speaker.finals.get(row.index, text) != text for row, text in zip(rows, texts, strict=True)),
    )


def _overlaps(rows: Sequence) -> list[bool]:
    """The same speech under two numbers."""
    ordered = sorted(rows, key=lambda row: row.start_ms)
    return [after.start_ms < before.end_ms - EDGE_MS for before, after in pairwise(ordered)]


def _text(segment: Any) -> str | None:
    return segment.hypothesis.text if segment and segment.hypothesis else None
