"""What people write: autosaved drafts, submitted versions, review. Nothing typed is lost or overwritten."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import require_role
from annotation.models import Draft, Label, LabelMode, LabelStatus, Segment, SegmentStatus
from annotation.models.labels import LABEL_TRANSITIONS
from annotation.selectors.labels import newest_label
from annotation.selectors.segments import EDITORS
from annotation.services.calibrations import calibration_refit_when_due
from annotation.services.conflicts import (
    Typed,
    comes_late,
    goes_on_from_blind,
    knows_of,
    raise_stale_draft,
    raise_stale_version,
    segment_text,
)
from annotation.services.phi import phi_known, phi_sent
from annotation.services.reading_lots import double_reading_draw
from audit.services import entry_add
from base.errors import Conflict, DomainError, Forbidden
from speech.metrics import cer
from speech.text import prepare_label

MAX_TEXT_CHARACTERS = 10_000
MAX_ACTIVE_MS = 4 * 3600 * 1000  # a tab that reports more is wrong about it


def draft_save(
    *,
    user: User,
    segment: Segment,
    text: str,
    base_version: int,
    active_edit_ms: int,
    base_text: str | None = None,
    stamp: str = "",
    after: str = "",
    phi: list[dict[str, Any]] | None = None,
) -> Draft:
    """Autosave: one row for each person and segment. Kept whoever holds the segment: typing is never refused.

    A draft that started from an older version than the stored one, or than what this person has submitted
    already (a forgotten tab, a save that comes after the submit), or that does not know of the stored one
    (a second window), is refused: Conflict `stale_draft`. One that was overtaken on the way changes nothing.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    sent = phi_sent(phi, text, _checked(text))
    typed = Typed(_checked(text), base_text, stamp, after)
    if Label.objects.filter(segment=segment, author=user, version__gt=base_version).exists():
        raise_stale_draft(segment, typed, base_version)
    values = {
        "text": typed.text,
        "phi": phi_known(segment, None, typed.text, base_version) if sent is None else sent,
        "base_version": base_version,
        "base_text": segment_text(segment, base_version) if base_text is None else _checked(base_text),
        "stamp": stamp,
        "active_edit_ms": _clamped(active_edit_ms),
    }
    try:
        with transaction.atomic():
            draft, created = Draft.objects.select_for_update().get_or_create(
                segment=segment, author=user, defaults=values
            )
            if created or comes_late(draft, typed):
                return draft
            if draft.base_version > base_version or not knows_of(draft, typed):
                raise_stale_draft(segment, typed, base_version, draft)
            if sent is None:
                values["phi"] = phi_known(segment, draft, typed.text, base_version)
            for name, value in values.items():
                setattr(draft, name, value)
            draft.save()
            return draft
    except IntegrityError:  # the segment was deleted meanwhile
        raise DomainError("segment_gone", _("This segment is no longer there.")) from None


def label_submit(
    *,
    user: User,
    segment: Segment,
    text: str,
    version: int,
    active_edit_ms: int,
    base_text: str | None = None,
    stamp: str = "",
    after: str = "",
    phi: list[dict[str, Any]] | None = None,
    mode: str = LabelMode.EDIT,
) -> Label:
    """The next version of the segment's text. `version` is the one that the page was opened with.

    An expired lease is no obstacle as long as nobody else came; a corrected segment may be corrected again.
    The same submit sent twice gives the same label, however late. Raises DomainError `empty_text`; Conflict
    `stale_version`, `stale_draft` (this person has typed something else in another window),
    `held_by_other`, `unusable` or `not_ready`, each with `yours`, `theirs`, `version`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    target = submitted_text(text)
    sent = phi_sent(phi, text, target)  # tidying moves characters, so the marks go with them
    typed = Typed(target, base_text, stamp, after)
    with transaction.atomic():
        rows = Segment.objects.select_for_update(of=("self",)).select_related("hypothesis")
        locked = rows.get(pk=segment.pk)
        newest = newest_label(locked) if locked.version else None
        if repeated := _already_submitted(locked, user, target, sent, version):
            return repeated
        draft = Draft.objects.filter(segment=locked, author=user).first()
        _check_may_submit(locked, newest, draft, user, typed, version)
        spans = phi_known(locked, draft, target, version) if sent is None else sent
        label = _add_version(locked, user, target, spans, _clamped(active_edit_ms), mode)
        # What the same window has typed since (this submit was long on its way) stays a draft.
        if draft and (draft.stamp == typed.stamp or not comes_late(draft, typed)):
            draft.delete()
        entry_add(
            actor=user,
            verb="label_submitted",
            target=label,
            site=segment.recording.site,
            segment=str(locked.uuid),
            version=label.version,
            origin=label.origin,
            **({"phi": len(spans)} if spans else {}),
        )
        calibration_refit_when_due(label=label)
        double_reading_draw(label=label)
    return label


def submitted_text(text: str) -> str:
    """As it is stored. Raises DomainError `empty_text`, `text_too_long`."""
    target = prepare_label(_checked(text))
    if not target:
        message = _("There is no text. If nothing can be understood, mark the segment as unusable.")
        raise DomainError("empty_text", message)
    return target


def label_review(*, user: User, label: Label, approve: bool) -> Label:
    """A reviewer's verdict. A segment whose last good version is rejected goes back to the queue.

    Raises Forbidden (`own_label` while a second person is required) and Conflict `already_decided`.
    """
    site = label.segment.recording.site
    require_role(user, Role.REVIEWER, site=site)
    if settings.AUSCULT_REVIEW_REQUIRED and label.author_id == user.pk:
        raise Forbidden("own_label", _("Somebody else must review what you wrote yourself."))
    verdict = LabelStatus.APPROVED if approve else LabelStatus.REJECTED
    before = [status for status, after in LABEL_TRANSITIONS.items() if verdict in after]
    with transaction.atomic():
        segment = Segment.objects.select_for_update(of=("self",)).get(pk=label.segment_id)
        if not Label.objects.filter(pk=label.pk, status__in=before).update(status=verdict, reviewed_by=user):
            raise Conflict("already_decided", _("This label has been decided already."))
        _send_back_if_nothing_stands(segment)
        entry_add(actor=user, verb=f"label_{verdict}", target=label, site=site, segment=str(segment.uuid))
    label.refresh_from_db()
    return label


def _check_may_submit(
    segment: Segment, newest: Label | None, draft: Draft | None, user: User, typed: Typed, version: int
) -> None:
    """The segment is locked; says no with both texts, so that nothing that was typed is lost."""
    if segment.version != version or goes_on_from_blind(segment, newest, user, typed):
        raise_stale_version(segment, newest, user, typed, version)
    # A later text of the same window is no obstacle: it stays as a draft.
    known = draft is None or knows_of(draft, typed) or comes_late(draft, typed)
    if draft and not known and prepare_label(draft.text) != typed.text:
        raise_stale_draft(segment, typed, version, draft)
    theirs = newest.text if newest else segment_text(segment)
    both = {"yours": typed.text, "theirs": theirs, "version": segment.version}
    if segment.status == SegmentStatus.CLAIMED and segment.claimed_by_id != user.pk:
        message = _("Somebody else is correcting this segment now. Your text is not saved yet.")
        raise Conflict("held_by_other", message, **both)
    if segment.status == SegmentStatus.REPLACED:
        message = _(
            "This segment has been split or joined meanwhile. Your text is kept with its earlier texts."
        )
        raise Conflict("replaced", message, **both)
    if segment.status == SegmentStatus.UNUSABLE:
        message = _("This segment has been marked as unusable. Reopen it first.")
        raise Conflict("unusable", message, **both)
    if segment.status == SegmentStatus.WAITING:
        raise Conflict("not_ready", _("This segment has no draft yet. Try again in a moment."), **both)


def _add_version(
    segment: Segment, user: User, text: str, phi: list[dict[str, Any]], active_edit_ms: int, mode: str
) -> Label:
    heard = segment.hypothesis.text if segment.hypothesis else ""
    segment.version += 1
    segment.status = SegmentStatus.DONE
    segment.claimed_by, segment.lease_expires_at = None, None
    segment.save(update_fields=["version", "status", "claimed_by", "lease_expires_at", "updated_at"])
    return Label.objects.create(
        segment=segment,
        version=segment.version,
        text=text,
        phi=phi,
        author=user,
        hypothesis=segment.hypothesis,
        status=LabelStatus.SUBMITTED if settings.AUSCULT_REVIEW_REQUIRED else LabelStatus.APPROVED,
        mode=mode,
        active_edit_ms=active_edit_ms,
        errors_removed=cer(text, heard).errors,
    )


def _send_back_if_nothing_stands(segment: Segment) -> None:
    standing = segment.labels.exclude(status=LabelStatus.REJECTED)
    if segment.status == SegmentStatus.DONE and not standing.exists():
        segment.status = SegmentStatus.OPEN
        segment.save(update_fields=["status", "updated_at"])
    elif segment.status == SegmentStatus.OPEN and standing.exists():
        segment.status = SegmentStatus.DONE  # the rejection was taken back before anybody took it up
        segment.save(update_fields=["status", "updated_at"])


def _already_submitted(
    segment: Segment, user: User, text: str, phi: list[dict[str, Any]] | None, version: int
) -> Label | None:
    """The answer to the first submit was lost on the way, and the page has sent it again."""
    if segment.version <= version:
        return None
    label = segment.labels.filter(author=user, version=version + 1, text=text).first()
    return label if label and phi in (None, label.phi) else None


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT_CHARACTERS:
        message = _("The text is longer than the %(limit)s characters of one segment.")
        raise DomainError("text_too_long", message % {"limit": MAX_TEXT_CHARACTERS})
    # What no database stores: NUL (PostgreSQL) and half of a surrogate pair (JSON can carry one).
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _clamped(active_edit_ms: int) -> int:
    return max(0, min(active_edit_ms, MAX_ACTIVE_MS))
