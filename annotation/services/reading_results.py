"""What a blind reading brings: compared with the label or the gold text, a pair too far apart is disputed.

The label's text never changes here; what a second reader marks as private is marked in the label, too.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import (
    DoubtState,
    Draft,
    LabelDoubt,
    Reading,
    ReadingPurpose,
    ReadingStatus,
    Segment,
    UnusableReason,
    Verdict,
)
from annotation.selectors.labels import draft_of, newest_label
from annotation.selectors.readings import reading_given
from annotation.selectors.segments import EDITORS
from annotation.services.conflicts import Typed, raise_stale_reading
from annotation.services.labels import MAX_ACTIVE_MS, submitted_text
from annotation.services.phi import phi_added, phi_known
from annotation.texts import agreement
from audit.services import entry_add
from base.errors import DomainError
from speech.metrics import cer


def reading_submit(
    *,
    user: User,
    reading: Reading,
    text: str,
    active_edit_ms: int,
    base_text: str | None = None,
    phi: list[dict[str, Any]] | None = None,
) -> Reading:
    """What this person heard; the same sent twice is kept once.

    Raises DomainError `empty_text`, `bad_phi`; Conflict `stale_version` when another text came first.
    """
    with transaction.atomic():
        if phi is None:  # says nothing of marks: those of their own draft, which goes now
            phi = phi_known(reading.segment, draft_of(reading.segment, user), text, version=0)
        row = _finish(user, reading, active_edit_ms, Typed(submitted_text(text), base_text))
        label = newest_label(row.segment)
        if label and (added := phi_added(label, phi, text)):
            site = row.segment.recording.site
            entry_add(actor=user, verb="phi_marked", target=label, site=site, phi=added)
    return row


def reading_mark_unusable(*, user: User, reading: Reading, reason: str) -> Reading:
    """Nobody can use this sound, says the reader. The segment stays as it is until a reviewer hears it."""
    if reason not in UnusableReason.values:
        raise DomainError("unknown_reason", _("Say why the segment is unusable, with one of the reasons."))
    return _finish(user, reading, 0, Typed(""), unusable_reason=reason)


def reading_draft_check(
    *, user: User, segment: Segment, text: str, base_version: int, base_text: str | None = None
) -> None:
    """An autosave that comes after the submit must not bring the draft back: Conflict `stale_draft`."""
    given = reading_given(user, segment) if base_version == 0 else None
    if given is not None:
        message = _("A newer version of this text is saved already; this older one is not kept over it.")
        raise_stale_reading("stale_draft", message, given, Typed(text, base_text))


def truth_known(reading: Reading, truth: str, text: str) -> None:
    """Now it is known what was said: how wrong were the draft and `text`? Written into the row, not saved."""
    draft = reading.hypothesis.text if reading.hypothesis else ""
    against_draft, against_text = cer(truth, draft), cer(truth, text)
    reading.truth_length = against_draft.reference_length
    reading.draft_errors, reading.text_errors = against_draft.errors, against_text.errors


def _finish(
    user: User, reading: Reading, active_edit_ms: int, typed: Typed, unusable_reason: str = ""
) -> Reading:
    site = reading.segment.recording.site
    require_role(user, *EDITORS, site=site)
    text = typed.text
    with transaction.atomic():
        row = Reading.objects.select_for_update(of=("self",)).get(pk=reading.pk, reader=user)
        if row.status == ReadingStatus.DONE:
            if (row.text, row.unusable_reason) == (text, unusable_reason):
                return row
            message = _("You have submitted this segment already. Both texts are shown.")
            raise_stale_reading("stale_version", message, row, typed)
        row.text, row.unusable_reason = text, unusable_reason
        row.status, row.done_at, row.lease_expires_at = ReadingStatus.DONE, timezone.now(), None
        row.active_edit_ms = max(0, min(active_edit_ms, MAX_ACTIVE_MS))
        row.errors_removed = cer(text, row.hypothesis.text if row.hypothesis else "").errors if text else 0
        _compare(row)
        row.save()
        Draft.objects.filter(segment=row.segment, author=user).delete()
        # The text is in the row; the audit says that it was read, as it does of a label.
        entry_add(actor=user, verb="reading_submitted", target=row, site=site, segment=str(row.segment.uuid))
    return row


def _compare(row: Reading) -> None:
    if row.gold is not None:
        found = agreement.against(row.gold.text, row.text)
        truth_known(row, row.gold.text, row.text)
    else:
        assert row.label is not None
        found = agreement.between(row.label.text, row.text)
        row.verdict = _verdict(row, found)
        if row.verdict == Verdict.AGREED:
            truth_known(row, row.text, row.label.text)
            _confirmed(row)
    row.unit, row.errors, row.length = found.unit, found.errors, found.length


def _verdict(row: Reading, found: agreement.Agreement) -> Verdict:
    if newest_label(row.segment) != row.label:
        return Verdict.OVERTAKEN
    # A label that the model contradicts is confirmed by the same text, not by one that is nearly the same.
    bound = 0.0 if row.purpose == ReadingPurpose.DOUBT else settings.AUSCULT_AGREEMENT_BOUND
    return Verdict.DISPUTED if found.rate > bound else Verdict.AGREED


def _confirmed(row: Reading) -> None:
    """A second person has heard what the label says: the model's contradiction is answered."""
    LabelDoubt.objects.filter(label=row.label, state__in=[DoubtState.OPEN, DoubtState.ASKED]).update(
        state=DoubtState.KEPT, decided_by=row.reader
    )
