"""What browsers send as JSON, checked by forms before anything else sees it."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from annotation.models import LabelMode, UnusableReason
from annotation.models.fixes import LONGEST as LONGEST_FIX
from base.errors import DomainError

LONGEST_TEXT = 5_000  # characters; 20 s of fast speech are under 300
MOST_SEGMENTS = 500


class TypedForm(forms.Form):
    """What goes with every text: where it started, which window wrote it, and what that window had seen."""

    base_text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT, empty_value=None)
    stamp = forms.CharField(required=False, max_length=60)
    after = forms.CharField(required=False, max_length=1000)


class DraftForm(TypedForm):
    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)
    phi = forms.Field(required=False)  # as it is: [] is no mark, none at all leaves the marks as they are
    base_version = forms.IntegerField(min_value=0)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class SubmitForm(TypedForm):
    # Not stripped: the marks count from the first character. The service tidies both.
    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)
    phi = forms.Field(required=False)
    version = forms.IntegerField(min_value=0)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    stay = forms.BooleanField(required=False)  # sent later, from another page: no next segment is wanted
    mode = forms.ChoiceField(choices=LabelMode.choices, required=False)

    def clean_mode(self) -> str:
        return self.cleaned_data["mode"] or LabelMode.EDIT


class LeaveForm(forms.Form):
    lease = forms.DateTimeField()


class SplitForm(forms.Form):
    """At the caret; without one at the time, counted from the segment's start."""

    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)
    caret = forms.IntegerField(required=False, min_value=0)
    at_ms = forms.IntegerField(required=False, min_value=0)
    phi = forms.Field(required=False)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("caret") is None and values.get("at_ms") is None:
            raise forms.ValidationError(_("Say where: `caret` or `at_ms`."))
        return values


class MergeForm(forms.Form):
    side = forms.ChoiceField(choices=[("previous", "previous"), ("next", "next")])
    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)
    phi = forms.Field(required=False)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class UnusableForm(forms.Form):
    reason = forms.ChoiceField(choices=UnusableReason.choices)
    note = forms.CharField(required=False, max_length=200)


class WordForm(forms.Form):
    wrong = forms.CharField(max_length=LONGEST_FIX)


class FixForm(WordForm):
    right = forms.CharField(max_length=LONGEST_FIX)
    segments = forms.JSONField()

    def clean_segments(self) -> list[UUID]:
        try:
            return [UUID(one) for one in self.cleaned_data["segments"]][:MOST_SEGMENTS]
        except (TypeError, ValueError, AttributeError):
            raise forms.ValidationError(_("Name segments by their UUID.")) from None


class KeysForm(forms.Form):
    chords = forms.JSONField(required=False)

    def clean_chords(self) -> dict[str, object]:
        chords = self.cleaned_data["chords"] or {}
        if not isinstance(chords, dict):
            raise forms.ValidationError(_("Not a list of actions and keys."))
        return chords


def read_json(request: HttpRequest, form_class: type[forms.Form]) -> dict[str, Any]:
    """Raises DomainError("bad_request") that names the field."""
    try:
        payload = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        payload = None
    if not isinstance(payload, dict):
        raise DomainError("bad_request", _("The request is not a JSON object."))
    form = form_class(payload)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise DomainError("bad_request", f"{field}: {errors[0]}")
    return form.cleaned_data
