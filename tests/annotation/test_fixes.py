"""The same wrong word in the open queue: found at word borders, put right without touching a hypothesis."""

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from annotation.models import Hypothesis, Label, SegmentStatus, WordFix
from annotation.selectors import fixes as selectors
from annotation.selectors.fixes import occurrences
from annotation.selectors.labels import newest_label
from annotation.selectors.pages import editable_text
from annotation.services.fixes import word_fix_apply, word_fix_undo
from annotation.services.labels import draft_save, label_submit
from annotation.texts.fixes import fixed, places
from audit.models import Entry
from base.errors import DomainError, Forbidden
from tests.factories import make_label, make_recording, make_segment

WRONG, RIGHT = "met forming", "Metformin"


@pytest.mark.parametrize(
    ("text", "wrong", "expected"),
    [
        ("服用 met forming 五百毫克", WRONG, "服用 Metformin 五百毫克"),
        ("Met  Forming 與 met forming", WRONG, "Metformin 與 Metformin"),
        ("metforming 五百", "met", "metforming 五百"),  # not inside another word
        ("met5 met", "met", "met5 X"),
        ("高血壓病史", "血鴨", "高血壓病史"),
        ("高血鴨病史 血鴨", "血鴨", "高X病史 X"),
        ("", WRONG, ""),
        ("服用", "", "服用"),
        ("服用", "   ", "服用"),
    ],
)
def test_a_word_is_found_at_its_borders_only(text, wrong, expected):
    right = RIGHT if wrong == WRONG else "X"
    assert fixed(text, [(wrong, right)]) == expected


def test_a_later_fix_sees_what_an_earlier_one_made():
    assert fixed("甲", [("甲", "乙"), ("乙", "丙")]) == "丙"


@given(st.text(max_size=60), st.text(max_size=6))
def test_places_are_apart_and_inside_the_text(text, wrong):
    last = 0
    for place in places(text, wrong):
        assert last <= place.start < place.end <= len(text)
        last = place.end


@pytest.fixture
def story(cast):
    """The segment in hand and three drafts of the queue: two with the same mistake, one with another word."""
    recording = make_recording(cast.site, audio=True)
    texts = ["服用 met forming", "改吃 met forming 五百", "停用 met forming", "metforming 另一個"]
    return [
        make_segment(recording, 1000 * at, 1000 * (at + 1), text=text, priority=9 - at)
        for at, text in enumerate(texts)
    ]


def opens_with(segment, user):
    segment.refresh_from_db()
    return editable_text(segment, user, newest_label(segment)).text


def apply(user, story, *chosen):
    return word_fix_apply(
        user=user, segment=story[0], wrong=WRONG, right=RIGHT, segments=[segment.uuid for segment in chosen]
    )


def test_the_preview_shows_each_place_with_its_context(cast, story):
    found = occurrences(story[0], WRONG)
    assert [(one.segment, one.before, one.match, one.after) for one in found] == [
        (story[1], "改吃 ", WRONG, " 五百"),
        (story[2], "停用 ", WRONG, ""),
    ]


def test_only_what_waits_at_this_site_is_found(cast, story, monkeypatch):
    make_segment(make_recording(), text="別院 met forming")
    make_label(story[1], "改吃 Metformin", author=cast.annotator)
    make_segment(story[0].recording, 8000, 9000, text="在手上 met forming", status=SegmentStatus.CLAIMED)
    assert [one.segment for one in occurrences(story[0], WRONG)] == [story[2]]
    monkeypatch.setattr(selectors, "LOOKED_THROUGH", 1)  # the one in hand comes first in the queue
    assert occurrences(story[0], WRONG) == []


def test_ticked_drafts_open_with_the_right_word_and_hypotheses_stay(cast, story):
    fix = apply(cast.annotator, story, story[1])
    assert opens_with(story[1], cast.reviewer) == "改吃 Metformin 五百"
    assert opens_with(story[2], cast.reviewer) == "停用 met forming"
    assert Hypothesis.objects.get(segment=story[1]).text == "改吃 met forming 五百"
    assert [one.segment for one in occurrences(story[0], WRONG)] == [story[2]]
    entry = Entry.objects.get(verb="word_fix_applied")
    assert (entry.actor, entry.detail["segments"]) == (cast.annotator, 1)
    word_fix_undo(user=cast.reviewer, fix=fix)
    word_fix_undo(user=cast.reviewer, fix=fix)  # twice is once
    assert opens_with(story[1], cast.reviewer) == "改吃 met forming 五百"
    assert Entry.objects.filter(verb="word_fix_undone").count() == 1


def test_what_a_person_typed_goes_before_a_fix(cast, story):
    apply(cast.annotator, story, story[1])
    draft_save(user=cast.reviewer, segment=story[1], text="我的字", base_version=0, active_edit_ms=1)
    assert opens_with(story[1], cast.reviewer) == "我的字"
    assert opens_with(story[1], cast.annotator) == "改吃 Metformin 五百"


def test_errors_removed_are_counted_against_what_was_heard(cast, story):
    apply(cast.annotator, story, story[1])
    label_submit(
        user=cast.annotator, segment=story[1], text="改吃 Metformin 五百", version=0, active_edit_ms=1000
    )
    label = Label.objects.get()
    assert label.errors_removed == 1  # the g of "forming"
    assert label.origin == "edited"


@pytest.mark.parametrize(("wrong", "right"), [("", RIGHT), (WRONG, "  "), (WRONG, WRONG), (WRONG, "x" * 81)])
def test_a_fix_that_fixes_nothing_is_refused_in_words(cast, story, wrong, right):
    with pytest.raises(DomainError) as refused:
        word_fix_apply(
            user=cast.annotator, segment=story[0], wrong=wrong, right=right, segments=[story[1].uuid]
        )
    assert refused.value.code == "bad_fix"
    assert not WordFix.objects.exists()


def test_only_editors_of_the_site_put_words_right(cast, story):
    for person in (cast.outsider, cast.clinician):
        with pytest.raises(Forbidden):
            apply(person, story, story[1])
    elsewhere = make_segment(make_recording(), text=WRONG)
    with pytest.raises(DomainError) as refused:
        apply(cast.annotator, story, elsewhere)
    assert refused.value.code == "nothing_to_fix"


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_same_over_http(cast, story):
    client = client_of(cast.annotator)
    url = reverse("segment_fixes", args=[story[0].uuid])
    looked = client.get(url, {"wrong": WRONG}).json()
    assert [one["uuid"] for one in looked["found"]] == [str(story[1].uuid), str(story[2].uuid)]
    assert "5000" in looked["bound"]
    chosen = {"wrong": WRONG, "right": RIGHT, "segments": [str(story[2].uuid)]}
    done = client.post(url, chosen, content_type="application/json").json()
    assert "1 more segment" in done["message"]
    page = client.get(reverse("correct_segment", args=[story[2].uuid])).content.decode()
    assert "停用 Metformin</textarea>" in page
    assert f"{WRONG} → {RIGHT}" in page
    assert RIGHT in client.get(reverse("word_fix_list")).content.decode()
    assert client_of(cast.outsider).post(done["undo"]).status_code == 404
    assert client_of(cast.outsider).get(url, {"wrong": WRONG}).status_code == 404
    client.post(done["undo"], follow=True)
    assert opens_with(story[2], cast.annotator) == "停用 met forming"


@pytest.mark.parametrize("segments", ["x", [1], ["no-uuid"], None])
def test_segments_that_are_none_are_a_sentence(cast, story, segments):
    url = reverse("segment_fixes", args=[story[0].uuid])
    chosen = {"wrong": WRONG, "right": RIGHT, "segments": segments}
    answer = client_of(cast.annotator).post(url, chosen, content_type="application/json")
    assert answer.status_code == 400
