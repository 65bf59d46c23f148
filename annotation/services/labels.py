"""What people write: autosaved drafts, submitted versions, review. Nothing typed is lost or overwritten."""

from typing import NoReturn

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import require_role
from annotation.models import Draft, Label, LabelStatus, Segment, SegmentStatus
from annotation.models.labels import LABEL_TRANSITIONS
from annotation.selectors.labels import newest_label
from annotation.selectors.segments import EDITORS
from annotation.services.calibrations import calibration_refit_when_due
from audit.services import entry_add
from base.errors import Conflict, DomainError, Forbidden
from speech.metrics import cer
from speech.text import prepare_label

MAX_TEXT_CHARACTERS = 10_000
MAX_ACTIVE_MS = 4 * 3600 * 1000  # a tab that reports more is wrong about it


def draft_save(*, user: User, segment: Segment, text: str, base_version: int, active_edit_ms: int) -> Draft:
    """Autosave: one row for each person and segment. Kept whoever holds the segment: typing is never refused.

    A draft that started from an older version than the stored one, or than what this person has submitted
    already (a forgotten tab, a save that comes after the submit), is refused: Conflict `stale_draft`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    text, active_edit_ms = _checked(text), _clamped(active_edit_ms)
    if Label.objects.filter(segment=segment, author=user, version__gt=base_version).exists():
        _raise_stale_draft(segment, text)
    values = {"text": text, "base_version": base_version, "active_edit_ms": active_edit_ms}
    try:
        with transaction.atomic():
            draft, created = Draft.objects.select_for_update().get_or_create(
                segment=segment, author=user, defaults=values
            )
            if created:
                return draft
            if draft.base_version > base_version:
                _raise_stale_draft(segment, text, theirs=draft.text)
            draft.text, draft.base_version = text, base_version
            draft.active_edit_ms = active_edit_ms
            draft.save()
            return draft
    except IntegrityError:  # the segment was deleted meanwhile
        raise DomainError("segment_gone", _("This segment is no longer there.")) from None


def label_submit(*, user: User, segment: Segment, text: str, version: int, active_edit_ms: int) -> Label:
    """The next version of the segment's text. `version` is the one that the page was opened with.

    An expired lease is no obstacle as long as nobody else came; a corrected segment may be corrected again.
    The same submit sent twice gives the same label. Raises DomainError `empty_text`; Conflict
    `stale_version`, `held_by_other`, `unusable` or `not_ready`, each with `yours`, `theirs`, `version`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    target = prepare_label(_checked(text))
    if not target:
        message = _("There is no text. If nothing can be understood, mark the segment as unusable.")
        raise DomainError("empty_text", message)
    with transaction.atomic():
        locked = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
        newest = newest_label(locked)
        if newest is not None and _is_repeated(newest, user, target, version):
            return newest
        _check_may_submit(locked, newest, user, target, version)
        label = _add_version(locked, user, target, _clamped(active_edit_ms))
        Draft.objects.filter(segment=locked, author=user).delete()
        entry_add(
            actor=user,
            verb="label_submitted",
            target=label,
            site=segment.recording.site,
            segment=str(locked.uuid),
            version=label.version,
            origin=label.origin,
        )
        calibration_refit_when_due(label=label)
    return label


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


def _check_may_submit(segment: Segment, newest: Label | None, user: User, text: str, version: int) -> None:
    """The segment is locked; says no with both texts, so that nothing that was typed is lost."""
    theirs = newest.text if newest else segment.hypothesis.text if segment.hypothesis else ""
    both = {"yours": text, "theirs": theirs, "version": segment.version}
    if segment.version != version:
        message = _("Somebody has saved another version meanwhile. Both texts are shown.")
        raise Conflict("stale_version", message, **both)
    if segment.status == SegmentStatus.CLAIMED and segment.claimed_by_id != user.pk:
        message = _("Somebody else is correcting this segment now. Your text is not saved yet.")
        raise Conflict("held_by_other", message, **both)
    if segment.status == SegmentStatus.UNUSABLE:
        message = _("This segment has been marked as unusable. Reopen it first.")
        raise Conflict("unusable", message, **both)
    if segment.status == SegmentStatus.WAITING:
        raise Conflict("not_ready", _("This segment has no draft yet. Try again in a moment."), **both)


def _add_version(segment: Segment, user: User, text: str, active_edit_ms: int) -> Label:
    heard = segment.hypothesis.text if segment.hypothesis else ""
    segment.version += 1
    segment.status = SegmentStatus.DONE
    segment.claimed_by, segment.lease_expires_at = None, None
    segment.save(update_fields=["version", "status", "claimed_by", "lease_expires_at", "updated_at"])
    return Label.objects.create(
        segment=segment,
        version=segment.version,
        text=text,
        author=user,
        hypothesis=segment.hypothesis,
        status=LabelStatus.SUBMITTED if settings.AUSCULT_REVIEW_REQUIRED else LabelStatus.APPROVED,
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


def _is_repeated(newest: Label, user: User, text: str, version: int) -> bool:
    """The answer to the first submit was lost on the way, and the page has sent it again."""
    return newest.author_id == user.pk and newest.version == version + 1 and newest.text == text


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT_CHARACTERS:
        message = _("The text is longer than the %(limit)s characters of one segment.")
        raise DomainError("text_too_long", message % {"limit": MAX_TEXT_CHARACTERS})
    # What no database stores: NUL (PostgreSQL) and half of a surrogate pair (JSON can carry one).
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _clamped(active_edit_ms: int) -> int:
    return max(0, min(active_edit_ms, MAX_ACTIVE_MS))


def _raise_stale_draft(segment: Segment, yours: str, theirs: str | None = None) -> NoReturn:
    newest = newest_label(segment)
    raise Conflict(
        "stale_draft",
        _("A newer version of this text is saved already; this older one is not kept over it."),
        yours=yours,
        theirs=theirs if theirs is not None else newest.text if newest else "",
        version=newest.version if newest else 0,
    )
