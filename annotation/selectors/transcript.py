"""A whole recording as lines of text: few columns and few queries, however many segments there are."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from annotation.models import Draft, Label, Recording, SegmentStatus
from annotation.selectors.readings import blind_segments


@dataclass(frozen=True, slots=True)
class Line:
    """What one row shows: the person's own draft, else the newest label, else what the model heard."""

    uuid: UUID
    start_ms: int
    end_ms: int
    status: str
    in_other_hands: bool
    text: str
    version: int  # what the text started from
    active_edit_ms: int
    is_draft: bool
    base_text: str = ""  # of a draft: what it started from, and which window wrote it
    stamp: str = ""

    @property
    def is_open_to_writing(self) -> bool:
        return self.status not in (SegmentStatus.WAITING, SegmentStatus.UNUSABLE)


def transcript_lines(recording: Recording, user: User) -> list[Line]:
    """In the order of time. The words of a hypothesis, most of its bytes, are not read."""
    drafts = {
        draft.segment_id: draft for draft in Draft.objects.filter(segment__recording=recording, author=user)
    }
    blind = blind_segments(
        user, recording
    )  # whoever reads one blind sees what was heard, not what was written
    labels = dict(  # the newest comes last and stays
        Label.objects.filter(segment__recording=recording)
        .exclude(segment__in=blind)
        .order_by("version")
        .values_list("segment_id", "text")
    )
    segments = recording.segments.current().values_list(
        "pk", "uuid", "start_ms", "end_ms", "status", "claimed_by", "version", "hypothesis__text"
    )
    lines = []
    for pk, uuid, start_ms, end_ms, status, holder, version, heard in segments:
        if pk in blind:
            status, holder, version = SegmentStatus.CLAIMED, user.pk, 0
        draft = drafts.get(pk)
        others = status == SegmentStatus.CLAIMED and holder != user.pk
        lines.append(
            Line(
                uuid,
                start_ms,
                end_ms,
                status,
                others,
                draft.text if draft else labels.get(pk, heard or ""),
                draft.base_version if draft else version,
                draft.active_edit_ms if draft else 0,
                draft is not None,
                draft.base_text if draft else "",
                draft.stamp if draft else "",
            )
        )
    return lines
