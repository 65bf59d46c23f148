"""Confirm, edit or type anew: the rule, what a page makes of it, what is stored and told."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from annotation.models import Draft, Label, LabelMode
from annotation.ranking.mode import mode_of
from annotation.selectors.modes import mode_for, modes_for_user
from annotation.services.labels import label_submit
from tests.factories import make_label, make_recording, make_segment

BOUNDS = {"confirm_below": 0.05, "retype_above": 0.4}
RANK = {"confirm": 0, "edit": 1, "retype": 2}
DRAFT = "病人主訴頭痛已經三天了喔"  # twelve characters


@pytest.mark.parametrize(
    ("errors", "length", "mode"),
    [
        (0.0, 20.0, "confirm"),
        (0.9, 20.0, "confirm"),
        (1.0, 20.0, "edit"),  # the bound itself is no longer sure enough
        (8.0, 20.0, "edit"),
        (8.1, 20.0, "retype"),
        (0.0, 0.0, "confirm"),  # nothing said, nothing heard
        (9.0, 0.0, "retype"),
    ],
)
def test_the_bounds_are_shares_of_what_was_probably_said(errors, length, mode):
    assert mode_of(errors, length, **BOUNDS) == mode


@given(
    less=st.floats(0, 1e6),
    more=st.floats(0, 1e6),
    length=st.floats(0, 1e6),
    bounds=st.tuples(*[st.floats(0, 1)] * 2),
)
def test_more_errors_never_make_it_easier(less, more, length, bounds):
    less, more = sorted((less, more))
    low, high = sorted(bounds)
    modes = [mode_of(errors, length, confirm_below=low, retype_above=high) for errors in (less, more)]
    assert RANK[modes[0]] <= RANK[modes[1]]


def ranked(site, errors: float, text: str = DRAFT, **fields):
    recording = make_recording(site)
    fields = {"expected_seconds": 9.0, "expected_errors": errors, "speech_ms": 3000} | fields
    return make_segment(recording, 0, 3000, text=text, **fields)


def opened(user, segment):
    client = Client()
    client.force_login(user)
    return client.get(reverse("correct_segment", args=[segment.uuid])).content.decode()


def test_a_good_draft_is_to_be_confirmed(cast):
    page = opened(cast.annotator, ranked(cast.site, errors=0.2))
    assert 'data-mode="confirm"' in page
    assert f"{DRAFT}</textarea>" in page


def test_a_poor_draft_is_a_hint_above_an_empty_field(cast):
    page = opened(cast.annotator, ranked(cast.site, errors=8.0))
    assert 'data-mode="retype"' in page
    assert re.search(r'<textarea id="text"[^>]*></textarea>', page)
    assert f'data-hint lang="zh-Hant">{DRAFT}<' in page


def test_what_was_typed_already_is_there_again(cast):
    segment = ranked(cast.site, errors=8.0)
    Draft.objects.create(segment=segment, author=cast.annotator, text="病人說頭痛")
    assert "病人說頭痛</textarea>" in opened(cast.annotator, segment)


def test_a_text_that_a_person_wrote_is_edited(cast):
    segment = ranked(cast.site, errors=8.0)
    make_label(segment, "病人說頭痛", author=cast.annotator)
    segment.refresh_from_db()
    assert mode_for(segment) == LabelMode.EDIT


def test_a_draft_of_which_nothing_is_known_is_edited(cast):
    assert mode_for(ranked(cast.site, errors=0.0, expected_seconds=0.0)) == LabelMode.EDIT


def test_the_hospital_sets_the_bounds(cast, settings):
    segment = ranked(cast.site, errors=0.2)
    settings.AUSCULT_CONFIRM_BELOW = 0.0
    assert mode_for(segment) == LabelMode.EDIT
    settings.AUSCULT_RETYPE_ABOVE = 0.01
    assert mode_for(segment) == LabelMode.RETYPE


def submit(user, segment, text, **fields):
    client = Client()
    client.force_login(user)
    url = reverse("segment_submit", args=[segment.uuid])
    payload = {"text": text, "version": 0, "active_edit_ms": 6000, **fields}
    return client.post(url, payload, content_type="application/json")


def test_the_way_is_stored_with_the_label(cast):
    segment = ranked(cast.site, errors=8.0)
    assert submit(cast.annotator, segment, DRAFT, mode="retype").status_code == 200
    label = Label.objects.get()
    assert label.mode == LabelMode.RETYPE
    assert label.origin == "typed"  # equal to the draft, and yet not taken from it


def test_a_way_that_does_not_exist_is_refused_and_none_is_editing(cast):
    segment = ranked(cast.site, errors=0.2)
    assert submit(cast.annotator, segment, DRAFT, mode="guess").status_code == 400
    assert not Label.objects.exists()
    assert submit(cast.annotator, segment, DRAFT).status_code == 200
    assert Label.objects.get().mode == LabelMode.EDIT


def test_the_outcome_page_tells_the_ways_apart(cast):
    for mode, text in [("confirm", DRAFT), ("confirm", DRAFT + "嗎"), ("retype", "病人說頭痛")]:
        segment = ranked(cast.site, errors=1.0)
        label_submit(
            user=cast.annotator, segment=segment, text=text, version=0, active_edit_ms=6000, mode=mode
        )
    confirm, retype = modes_for_user(cast.annotator)
    assert (confirm.sums.labels, confirm.changed_share, confirm.sums.active_per_audio) == (2, 0.5, 2.0)
    assert (retype.sums.labels, retype.changed_share) == (1, 1.0)
    assert retype.errors_per_text == Label.objects.get(mode="retype").errors_removed > 3
    assert modes_for_user(cast.outsider) == []
    client = Client()
    client.force_login(cast.annotator)
    page = client.get(reverse("outcome")).content.decode()
    assert "Listen and confirm" in page or "listen and confirm" in page
