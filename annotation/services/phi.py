"""Marks on a text that tell who a patient is, as they come from a browser and as they are stored."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotation.models import Draft, Label, PhiKind, Segment
from annotation.texts.phi import PhiSpan, carried, checked, moved, spans_of, united, within
from base.errors import DomainError

Stored = list[dict[str, Any]]


def phi_checked(sent: object, text: str) -> Stored:
    """Raises DomainError `bad_phi`; None is no mark at all."""
    try:
        spans = checked([] if sent is None else sent, text, PhiKind.values)
    except ValueError as error:
        raise DomainError(
            "bad_phi", _("The marks on the text do not fit it. Take them off and set them again.")
        ) from error
    return [span.as_dict() for span in spans]


def phi_sent(sent: object, before: str, after: str) -> Stored | None:
    """Marks on the text as it was sent, in the text as it is kept; None, which says nothing of marks, stays.

    Raises DomainError `bad_phi`.
    """
    return None if sent is None else phi_carried(phi_checked(sent, before), before, after)


def phi_known(segment: Segment, draft: Draft | None, text: str, version: int) -> Stored:
    """In the text of who knows nothing of marks and so takes none off: those of the version that they started
    from, and those of their own draft.

    Version 0 asks no label, whatever there is: a blind reader must not be shown its marks.
    """
    started = Label.objects.filter(segment=segment, version=version).first() if version else None
    sources = [(one.phi, one.text) for one in (draft, started) if one]
    spans: list[PhiSpan] = []
    for stored, before in sources:
        spans = united(spans, carried(spans_of(stored), before, text))
    return [span.as_dict() for span in spans]


def phi_parted(stored: Stored, text: str, at: int) -> tuple[Stored, Stored]:
    """Of the text before `at` and of that from there on."""
    spans = spans_of(stored)
    left, right = within(spans, 0, at), within(spans, at, len(text))
    return [span.as_dict() for span in left], [span.as_dict() for span in right]


def phi_joined(left: Stored, right: Stored, at: int) -> Stored:
    """Of two texts that are one now, in which the right one begins at `at`."""
    return [*left, *(span.as_dict() for span in moved(spans_of(right), at))]


def phi_added(label: Label, sent: object, text: str) -> int:
    """Another reader's marks on their own `text` join the label's: what one of the two marked is masked.

    -> how many marks are new. Raises DomainError `bad_phi`.
    """
    marks = carried(spans_of(phi_checked(sent, text)), text, label.text)
    before = spans_of(label.phi)
    after = united(before, marks)
    if len(after) > len(before):
        label.phi = [span.as_dict() for span in after]
        label.save(update_fields=["phi", "updated_at"])
    return len(after) - len(before)


def phi_carried(stored: Sequence[dict[str, Any]], before: str, after: str) -> Stored:
    return [span.as_dict() for span in carried(spans_of(stored), before, after)]
