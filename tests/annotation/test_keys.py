"""A person's own keys: kept on the server, checked there too."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import PersonalKeys
from annotation.selectors.keys import keys_of
from annotation.services.keys import ALLOWED_CHORDS, keys_save
from base.errors import DomainError
from tests.factories import make_segment


def save(user, chords):
    client = Client()
    client.force_login(user)
    return client.post(reverse("keys_keep"), {"chords": chords}, content_type="application/json")


def test_keys_follow_the_person_to_every_page(cast):
    assert save(cast.annotator, {"skip": "Alt+KeyJ"}).json() == {"own": {"skip": "Alt+KeyJ"}}
    segment = make_segment(text="頭痛", recording=None)
    cast.annotator.memberships.update(site=segment.site)
    client = Client()
    client.force_login(cast.annotator)
    page = client.get(reverse("correct_segment", args=[segment.uuid]))
    assert page.context["keys"]["own"] == {"skip": "Alt+KeyJ"}
    assert keys_of(cast.reviewer) == {}


def test_the_way_back_is_an_empty_list(cast):
    save(cast.annotator, {"skip": "Alt+KeyJ"})
    assert save(cast.annotator, {}).json() == {"own": {}}
    assert PersonalKeys.objects.get().chords == {}


@pytest.mark.parametrize(
    "chord",
    [
        "KeyA",
        "Space",
        "Ctrl+KeyT",
        "Ctrl+KeyW",
        "Ctrl+KeyC",
        "Ctrl+Space",
        "Alt+Shift+KeyA",
        "Alt+KeyD",
        "",
        7,
    ],
)
def test_what_browsers_and_input_methods_need_is_refused(cast, chord):
    with pytest.raises(DomainError) as refused:
        keys_save(user=cast.annotator, chords={"skip": chord})
    assert refused.value.code == "key_reserved"
    assert keys_of(cast.annotator) == {}


def test_one_key_cannot_do_two_things(cast):
    answer = save(cast.annotator, {"skip": "Alt+KeyJ", "loop": "Alt+KeyJ"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "key_twice"


@pytest.mark.parametrize(
    "chords", [["Alt+KeyJ"], "Alt+KeyJ", {"x" * 41: "Alt+KeyJ"}, {f"a{n}": "F2" for n in range(61)}]
)
def test_nonsense_is_a_sentence_not_a_crash(cast, chords):
    answer = save(cast.annotator, chords)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_no_allowed_chord_is_a_letter_that_one_types():
    assert all("+" in chord or chord in {"Escape", "F2", "F4", "F8", "F9"} for chord in ALLOWED_CHORDS)
    assert len(set(ALLOWED_CHORDS)) == len(ALLOWED_CHORDS)
    json.dumps(ALLOWED_CHORDS)
