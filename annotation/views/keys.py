"""A person's own keys: what the page needs to show them, and where it keeps them."""

from typing import TypedDict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.requests import person
from annotation.selectors.keys import keys_of
from annotation.services.keys import ALLOWED_CHORDS, keys_save
from annotation.views.payloads import KeysForm, read_json


class KeysData(TypedDict):
    own: dict[str, str]
    allowed: tuple[str, ...]


def keys_data(user: User) -> KeysData:
    return {"own": keys_of(user), "allowed": ALLOWED_CHORDS}


@require_POST
def keys_keep(request: HttpRequest) -> JsonResponse:
    data = read_json(request, KeysForm)
    return JsonResponse({"own": keys_save(user=person(request), **data)})
