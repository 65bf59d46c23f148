"""Split a segment in two, join it with a neighbour. The old rows stay, with all that was heard and written.

New segments take their place: they are made, ranked and leased to the person in one transaction, and a
worker drafts them again when it has time. Whoever holds a segment sees their own text in its parts.
"""

from collections.abc import Sequence
from typing import Any, Literal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import Draft, Hypothesis, Recording, Segment, SegmentStatus
from annotation.selectors.labels import draft_of, newest_label
from annotation.selectors.pages import editable_text
from annotation.selectors.segments import EDITORS, neighbour
from annotation.services.hypotheses import hypotheses_store
from annotation.services.phi import Stored, phi_joined, phi_known, phi_parted, phi_sent
from annotation.services.queue import lease_is_over, segment_claim
from annotation.services.sound import measures_of_part
from annotation.texts.cuts import (
    Cut,
    cut_at_caret,
    cut_at_time,
    join_heard,
    join_text,
    part_heard,
    part_spans,
    part_text,
)
from audit.services import entry_add
from base.errors import Conflict, DomainError
from base.jobs import Job, enqueue_on_commit
from speech import types
from speech.types import Span

SHORTEST_PART_MS = 300
LONGEST_JOINED_MS = 30_000  # what a recogniser takes in one window

Side = Literal["previous", "next"]


def segment_split(
    *,
    user: User,
    segment: Segment,
    text: str,
    caret: int | None = None,
    at_ms: int | None = None,
    active_edit_ms: int = 0,
    phi: list[dict[str, Any]] | None = None,
) -> tuple[Segment, Segment]:
    """In two at the caret of `text`, or at a time from the segment's start. Both parts are held by `user`.

    `text` is what stands in the field; a space at the caret stays with the left part. Each part keeps its
    marks. Raises Conflict (not held, corrected, replaced already), DomainError `part_too_short`, `bad_phi`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    with transaction.atomic():
        _lock(segment)
        whole = _held(user, _locked(segment)[0])
        heard = whole.hypothesis.as_heard() if whole.hypothesis else types.Hypothesis("")
        spans = _spans(whole)
        cut = (
            cut_at_time(text, at_ms or 0, heard)
            if caret is None
            else cut_at_caret(text, min(caret, len(text)), heard, whole.duration_ms, spans or [])
        )
        _check_lengths(whole, cut)
        middle_ms = whole.start_ms + cut.at_ms
        sides = part_spans(spans, cut.at_ms) if spans is not None else (None, None)
        left = _made(whole, whole.start_ms, middle_ms, sides[0])
        right = _made(whole, middle_ms, whole.end_ms, sides[1])
        _replace([whole], [left, right])
        _store(whole.hypothesis, list(zip((left, right), part_heard(heard, cut), strict=True)), [whole])
        marks = _marks(user, whole, text, phi)
        texts = part_text(text, cut.caret)
        marks_of_parts = phi_parted(marks, text, len(texts[0]))
        _write(user, left, texts[0], marks_of_parts[0], active_edit_ms)
        _write(user, right, texts[1], marks_of_parts[1], 0)
        _keep(user, whole, text, marks, active_edit_ms)
        detail = {"parts": [str(left.uuid), str(right.uuid)], "at_ms": cut.at_ms}
        entry_add(actor=user, verb="segment_split", target=whole, site=whole.recording.site, **detail)
        right = _handed_over(user, right)  # the one that was leased last is the first to be served
        return _handed_over(user, left), right


def segment_merge(
    *,
    user: User,
    segment: Segment,
    side: Side,
    text: str,
    active_edit_ms: int = 0,
    phi: list[dict[str, Any]] | None = None,
) -> tuple[Segment, int]:
    """With the neighbour before or after -> the joined segment, held by `user`, and the caret at the seam.

    Raises Conflict when the neighbour is in other hands, corrected, unusable or without a draft yet, and
    DomainError `no_neighbour`, `joined_too_long` or `bad_phi`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    with transaction.atomic():
        _lock(segment)
        other = neighbour(segment, side)
        if other is None:
            raise DomainError("no_neighbour", _("There is no segment on that side to join with."))
        pair = sorted(_locked(segment, other), key=lambda one: one.start_ms)
        mine, theirs = pair if pair[0].pk == segment.pk else pair[::-1]
        _check_free(user, theirs)
        mine = _held(user, mine)
        left, right = (mine, theirs) if side == "next" else (theirs, mine)
        if right.end_ms - left.start_ms > LONGEST_JOINED_MS:
            limit_s = LONGEST_JOINED_MS // 1000
            message = _("Together they would be longer than %(limit)s seconds.") % {"limit": limit_s}
            raise DomainError("joined_too_long", message)
        origin = _common_origin(left, right)
        beside = editable_text(theirs, user, newest_label(theirs))
        texts = {mine.pk: text, theirs.pk: beside.text}
        marks = {mine.pk: _marks(user, mine, text, phi), theirs.pk: beside.phi}
        spans = _spans(origin) if origin else _joined_spans(left, right)
        joined = _made(left, left.start_ms, right.end_ms, spans)
        _replace(pair, [joined])
        _store_joined(left, right, joined, origin)
        whole_text = join_text(texts[left.pk], texts[right.pk], were_one=origin is not None)
        seam = len(whole_text) - len(texts[right.pk])
        both = phi_joined(marks[left.pk], marks[right.pk], seam)
        _write(user, joined, whole_text, both, active_edit_ms + beside.active_edit_ms)
        _keep(user, mine, text, marks[mine.pk], active_edit_ms)
        detail = {"parts": [str(left.uuid), str(right.uuid)]}
        entry_add(actor=user, verb="segment_merged", target=joined, site=mine.recording.site, **detail)
        return _handed_over(user, joined), seam


def _lock(segment: Segment) -> None:
    """One cut of a recording at a time: the neighbours and the numbers of its segments hold still."""
    Recording.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.recording_id)


def _locked(*segments: Segment) -> list[Segment]:
    rows = Segment.objects.select_for_update(of=("self",)).select_related("recording__site", "hypothesis")
    return list(rows.filter(pk__in=[one.pk for one in segments]).order_by("pk"))


def _held(user: User, segment: Segment) -> Segment:
    """In this person's hands, as it is now."""
    if segment.status == SegmentStatus.DONE:
        message = _("This segment is corrected already: it cannot be split or joined any more.")
        raise Conflict("already_corrected", message)
    return segment_claim(user=user, segment=segment)


def _check_free(user: User, other: Segment) -> None:
    """Nobody's work is taken from under their hands."""
    if other.status == SegmentStatus.CLAIMED and other.claimed_by_id != user.pk and not lease_is_over(other):
        raise Conflict("neighbour_held", _("Somebody else is correcting that neighbour now."))
    sentences = {
        SegmentStatus.DONE: _("That neighbour is corrected already."),
        SegmentStatus.UNUSABLE: _("That neighbour is marked as unusable."),
        SegmentStatus.WAITING: _("That neighbour has no draft yet. Try again in a moment."),
    }
    if other.status in sentences:
        raise Conflict(f"neighbour_{other.status}", sentences[SegmentStatus(other.status)])


def _check_lengths(segment: Segment, cut: Cut) -> None:
    if min(cut.at_ms, segment.duration_ms - cut.at_ms) < SHORTEST_PART_MS:
        message = _("Put the caret between two words, or play to the place: each part needs 0.3 s of sound.")
        raise DomainError("part_too_short", message)


def _made(like: Segment, start_ms: int, end_ms: int, spans: Sequence[Span] | None) -> Segment:
    """A new row of the same recording with what is measured of its sound. It waits for its draft."""
    last = Segment.objects.filter(recording=like.recording_id).aggregate(last=Max("index"))["last"]
    return Segment.objects.create(
        recording=like.recording,
        site=like.recording.site,
        index=last + 1,
        start_ms=start_ms,
        end_ms=end_ms,
        speech_spans=None if spans is None else [[span.start_ms, span.end_ms] for span in spans],
        speech_ms=None if spans is None else sum(span.duration_ms for span in spans),
        **measures_of_part(like, start_ms, end_ms),
    )


def _replace(old: Sequence[Segment], new: Sequence[Segment]) -> None:
    Segment.objects.filter(pk__in=[one.pk for one in old]).update(
        status=SegmentStatus.REPLACED, claimed_by=None, lease_expires_at=None
    )
    for one in new:
        one.made_from.set(old)


def _store(
    heard_by: Hypothesis | None, results: Sequence[tuple[Segment, types.Hypothesis]], old: Sequence[Segment]
) -> None:
    """The parts' drafts until a worker has heard them; their settings say what they were made from."""
    for part, _heard in results:
        enqueue_on_commit(Job.SEGMENT_DRAFT, part.pk)
    if heard_by is None:
        Segment.objects.filter(pk__in=[part.pk for part, _heard in results]).update(status=SegmentStatus.OPEN)
        return
    hypotheses_store(
        results=results,
        model_ref=heard_by.model_ref,
        adapter_ref=heard_by.adapter_ref,
        settings={**heard_by.settings, "cut_from": [str(one.uuid) for one in old]},
    )


def _store_joined(left: Segment, right: Segment, joined: Segment, origin: Segment | None) -> None:
    """A split that is taken back leaves what was heard before it, unless the parts were heard anew."""
    parts = [one.hypothesis for one in (left, right)]
    if origin and origin.hypothesis and all(part and "cut_from" in part.settings for part in parts):
        whole = origin.hypothesis.as_heard()
    else:
        heard = [part.as_heard() if part else types.Hypothesis("") for part in parts]
        whole = join_heard(heard[0], heard[1], right.start_ms - left.start_ms, were_one=origin is not None)
    _store(left.hypothesis or right.hypothesis, [(joined, whole)], [left, right])


def _marks(user: User, segment: Segment, text: str, sent: object) -> Stored:
    """Who sends none takes none off."""
    given = phi_sent(sent, text, text)
    return phi_known(segment, draft_of(segment, user), text, segment.version) if given is None else given


def _write(user: User, segment: Segment, text: str, marks: Stored, active_edit_ms: int) -> None:
    """The person's own text. What they have not touched stays the model's, and is measured as such."""
    segment.refresh_from_db()
    heard = segment.hypothesis.text if segment.hypothesis else ""
    if text != heard or marks or active_edit_ms:
        _keep(user, segment, text, marks, active_edit_ms)


def _keep(user: User, segment: Segment, text: str, marks: Stored, active_edit_ms: int) -> None:
    values = {
        "text": text,
        "phi": marks,
        "base_version": segment.version,
        "active_edit_ms": active_edit_ms,
    }
    Draft.objects.update_or_create(segment=segment, author=user, defaults=values)


def _handed_over(user: User, segment: Segment) -> Segment:
    return segment_claim(
        user=user, segment=Segment.objects.select_related("recording__site").get(pk=segment.pk)
    )


def _common_origin(left: Segment, right: Segment) -> Segment | None:
    """Of two parts of one split: they join without a seam."""
    span = {"start_ms": left.start_ms, "end_ms": right.end_ms}
    both = Segment.objects.filter(became=left).filter(became=right, **span)
    return both.select_related("hypothesis").first()


def _spans(segment: Segment) -> list[Span] | None:
    return None if segment.speech_spans is None else [Span(*one) for one in segment.speech_spans]


def _joined_spans(left: Segment, right: Segment) -> list[Span] | None:
    """In the time of the left one; a stretch that goes on across the seam is one again."""
    before, after = _spans(left), _spans(right)
    if before is None or after is None:
        return None
    gap_ms = right.start_ms - left.start_ms
    moved = [Span(span.start_ms + gap_ms, span.end_ms + gap_ms) for span in after]
    if before and moved and before[-1].end_ms >= moved[0].start_ms:
        return [*before[:-1], Span(before[-1].start_ms, moved[0].end_ms), *moved[1:]]
    return [*before, *moved]
