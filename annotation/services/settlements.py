"""A reviewer settles what two readers, or a label and the model, wrote differently.

The result is a new version of the label by the reviewer; what both had written stays.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import require_role
from annotation.models import (
    DoubtState,
    Label,
    LabelDoubt,
    LabelStatus,
    Reading,
    ReadingPurpose,
    Segment,
    SegmentStatus,
    UnusableReason,
    Verdict,
)
from annotation.models.doubts import DOUBT_TRANSITIONS
from annotation.services.labels import label_submit
from annotation.services.reading_results import truth_known
from audit.services import entry_add
from base.errors import Conflict, DomainError, Forbidden
from speech.text import prepare_label


def dispute_settle(*, user: User, reading: Reading, text: str, version: int, active_edit_ms: int) -> Label:
    """The text that stands from now on, whichever of the two it is, or a third.

    Raises Forbidden (`own_text`), Conflict `already_decided` and whatever a submit may raise.
    """
    _may_settle(user, reading.segment, reading.reader_id, reading.label and reading.label.author_id)
    with transaction.atomic():
        row = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
        _still_disputed(row)
        label = _approved_version(user, row.segment, text, version, active_edit_ms)
        assert row.label is not None
        truth_known(row, label.text, row.label.text)
        row.verdict, row.settled_by, row.settled_label = Verdict.SETTLED, user, label
        row.save()
        _doubts_answered(row.label, label, user)
        entry_add(actor=user, verb="dispute_settled", target=row, site=label.segment.recording.site)
    return label


def dispute_set_aside(*, user: User, reading: Reading, reason: str) -> None:
    """One of the two was right that nobody can use this sound: no label of it trains any more."""
    if reason not in UnusableReason.values:
        raise DomainError("unknown_reason", _("Say why the segment is unusable, with one of the reasons."))
    site = reading.segment.recording.site
    _may_settle(user, reading.segment, reading.reader_id, reading.label and reading.label.author_id)
    with transaction.atomic():
        row = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk)
        _still_disputed(row)
        unusable = {"status": SegmentStatus.UNUSABLE, "unusable_reason": reason}
        Segment.objects.filter(pk=row.segment_id, status=SegmentStatus.DONE).update(**unusable)
        row.verdict, row.settled_by = Verdict.SETTLED, user
        row.save()
        entry_add(
            actor=user, verb="segment_marked_unusable", target=row.segment, site=site, reason=reason, note=""
        )


def doubt_keep(*, user: User, doubt: LabelDoubt) -> None:
    """The label is right; no model brings it up again."""
    _may_settle(user, doubt.label.segment, doubt.label.author_id)
    with transaction.atomic():
        _decide(user, doubt, DoubtState.KEPT)


def doubt_correct(
    *, user: User, doubt: LabelDoubt, text: str, version: int, active_edit_ms: int
) -> Label | None:
    """A new version of the label, if the text is another one; the same text says that the label is right."""
    if prepare_label(text) == doubt.label.text:
        doubt_keep(user=user, doubt=doubt)
        return None
    _may_settle(user, doubt.label.segment, doubt.label.author_id)
    with transaction.atomic():
        label = _approved_version(user, doubt.label.segment, text, version, active_edit_ms)
        _decide(user, doubt, DoubtState.CORRECTED, settled_label=label)
    return label


def doubt_ask(*, user: User, doubt: LabelDoubt) -> Reading:
    """Somebody else is to hear it, blind. What they write settles it, or is disputed."""
    segment = doubt.label.segment
    _may_settle(user, segment, doubt.label.author_id)
    with transaction.atomic():
        _decide(user, doubt, DoubtState.ASKED)
        return Reading.objects.create(
            segment=segment,
            site_id=segment.site_id,
            purpose=ReadingPurpose.DOUBT,
            label=doubt.label,
            hypothesis=doubt.label.hypothesis,
        )


def _may_settle(user: User, segment: Segment, *authors: object) -> None:
    require_role(user, Role.REVIEWER, site=segment.recording.site)
    if user.pk in authors:
        raise Forbidden("own_text", _("Somebody else must decide about what you wrote yourself."))


def _still_disputed(row: Reading) -> None:
    if row.verdict != Verdict.DISPUTED:
        raise Conflict("already_decided", _("Somebody else has settled this meanwhile."))


def _approved_version(user: User, segment: Segment, text: str, version: int, active_edit_ms: int) -> Label:
    label = label_submit(
        user=user,
        segment=segment,
        text=text,
        version=version,
        active_edit_ms=active_edit_ms,
    )
    if label.status != LabelStatus.APPROVED:  # where every label waits for a reviewer, this one has had two
        label.status, label.reviewed_by = LabelStatus.APPROVED, user
        label.save(update_fields=["status", "reviewed_by", "updated_at"])
    return label


def _decide(user: User, doubt: LabelDoubt, state: DoubtState, settled_label: Label | None = None) -> None:
    before = [one for one, after in DOUBT_TRANSITIONS.items() if state in after]
    decided = LabelDoubt.objects.filter(pk=doubt.pk, state__in=before).update(
        state=state, decided_by=user, settled_label=settled_label
    )
    if not decided:
        raise Conflict("already_decided", _("Somebody else has settled this meanwhile."))
    site = doubt.label.segment.recording.site
    entry_add(actor=user, verb=f"doubt_{state}", target=doubt, site=site, label=str(doubt.label.uuid))


def _doubts_answered(before: Label, after: Label, user: User) -> None:
    same = before.text == after.text
    LabelDoubt.objects.filter(label=before, state__in=[DoubtState.OPEN, DoubtState.ASKED]).update(
        state=DoubtState.KEPT if same else DoubtState.CORRECTED, decided_by=user, settled_label=after
    )
