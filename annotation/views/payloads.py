"""What browsers send as JSON, checked by forms before anything else sees it."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from annotation.models import UnusableReason
from base.errors import DomainError

LONGEST_TEXT = 5_000  # characters; 20 s of fast speech are under 300


class DraftForm(forms.Form):
    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)
    base_version = forms.IntegerField(min_value=0)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class SubmitForm(forms.Form):
    text = forms.CharField(required=False, max_length=LONGEST_TEXT)
    version = forms.IntegerField(min_value=0)
    active_edit_ms = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class UnusableForm(forms.Form):
    reason = forms.ChoiceField(choices=UnusableReason.choices)
    note = forms.CharField(required=False, max_length=200)


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
