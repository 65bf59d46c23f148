"""Marks on a text that tell who a patient is, as they come from a browser and as they are stored."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotation.models import Label, PhiKind
from annotation.texts.phi import carried, checked, spans_of, united
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
