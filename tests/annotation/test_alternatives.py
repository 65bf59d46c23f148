"""What else a word may be: every source, its place, and the order."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Hypothesis
from annotation.selectors.alternatives import alternatives_of
from annotation.texts.alternatives import MOST, Alternative, Proposals, corrections
from annotation.texts.replacements import replaced
from speech.lexicon import Lexicon, Term
from tests.factories import make_hypothesis, make_label, make_recording, make_segment

TEXT = "服用 met forming 五百"
WORDS = ["服", "用", "met", "forming", "五", "百"]


def proposals():
    return Proposals(WORDS)


def texts(lists):
    return [[one.text for one in own] for own in lists]


def test_the_recogniser_s_own_come_in_its_order():
    made = proposals()
    made.add_heard([["福", "服", "伏"], [], [], [], [], []])
    assert texts(made.by_word())[0] == ["福", "伏"]  # the word itself is no alternative


def test_another_model_is_aligned_word_by_word():
    made = proposals()
    made.add_other("服用 Metformin 一百", "big-model")
    lists = made.by_word()
    assert lists[2] == lists[3] == [Alternative("Metformin", "model", 2, 3, "big-model")]
    assert texts(lists)[4] == ["一"]
    assert texts(lists)[0] == texts(lists)[5] == []


def test_a_wholly_different_sentence_proposes_nothing():
    made = Proposals(list("一二三四五六七八"))
    made.add_other("ABC", "other")
    assert texts(made.by_word()) == [[]] * 8


def test_a_term_that_is_nearly_said_stands_for_all_its_words():
    made = proposals()
    made.add_terms(Lexicon([Term("Metformin"), Term("Morphine")]))
    lists = made.by_word()
    assert (lists[2][0].text, lists[2][0].source, lists[2][0].first, lists[2][0].last) == (
        "Metformin",
        "lexicon",
        2,
        3,
    )
    assert lists[2] == lists[3]
    assert lists[0] == []


def test_what_people_wrote_before_counts_how_often():
    known = corrections(
        [
            (TEXT, "服用 Metformin 五百"),
            ("改 Met Forming", "改 Metformin"),
            ("met forming", "Morphine"),
            ("同", "同"),
        ]
    )
    made = proposals()
    made.add_corrections(known)
    lists = made.by_word()
    assert [(one.text, one.detail) for one in lists[2]] == [("Metformin", "2"), ("Morphine", "1")]


def test_two_sources_together_go_before_one():
    made = proposals()
    made.add_heard([["甲", "乙"], [], [], [], [], []])
    made.add_other("乙用 met forming 五百", "other")
    assert texts(made.by_word())[0] == ["乙", "甲"]


def test_at_most_eight_and_none_twice():
    made = proposals()
    made.add_heard([list("甲乙丙丁戊己庚辛壬癸甲"), [], [], [], [], []])
    assert texts(made.by_word())[0] == list("甲乙丙丁戊己庚辛")
    assert MOST == 8


def test_odd_words_do_no_harm():
    made = Proposals(["丙 ", "乙"])
    made.add_other("甲丁", "other")
    made.add_terms(Lexicon([Term("Metformin")]))
    assert texts(made.by_word()) == [["甲"], ["丁"]]
    nothing = Proposals([])
    nothing.add_other("甲丁", "other")
    assert nothing.by_word() == []


@pytest.mark.parametrize(
    ("draft", "other", "expected"),
    [
        (["met", "forming", "五"], "Metformin 一", [(0, 1, "Metformin"), (2, 2, "一")]),
        (["metformin"], "met forming", [(0, 0, "met forming")]),
        (["服", "用"], "服用", []),
        (["服", "用"], "服用了", []),  # in nobody's place
        (["服", "用", "了"], "服用", []),
        (["metformin", "五"], "Metformin五", [(0, 0, "Metformin")]),
        ([], "甲", []),
        (["甲"], "", []),
    ],
)
def test_words_meet_what_is_said_in_their_place(draft, other, expected):
    assert replaced(draft, other) == expected


def segment_with_words(site, **fields):
    segment = make_segment(make_recording(site), 0, 3000)
    words = [
        {"text": word, "start_ms": 300 * at, "end_ms": 300 * at + 300, "probability": 0.5}
        for at, word in enumerate(WORDS)
    ]
    words[0]["alternatives"] = ["福"]
    make_hypothesis(segment, TEXT, words=words, **fields)
    return segment


def test_everything_that_is_known_at_the_site_comes_together(cast):
    segment = segment_with_words(cast.site, model_ref="small")
    make_hypothesis(segment, "服用 Metformin 五百", current=False, model_ref="/models/big")
    make_label(segment_with_words(cast.site), "服用 Metformin 五百", author=cast.annotator, errors_removed=1)
    elsewhere = segment_with_words(make_recording().site)
    make_label(elsewhere, "服用 Geheim 五百", errors_removed=3)
    lists = alternatives_of(segment)
    assert texts(lists)[0] == ["福"]
    assert [(one.text, one.source) for one in lists[2]] == [("Metformin", "corrected")]
    assert Hypothesis.objects.count() == 4


def test_a_blind_reader_is_told_nothing_that_came_after_the_draft(cast):
    segment = segment_with_words(cast.site, model_ref="small")
    make_label(segment, "服用 Metformin 五百", author=cast.annotator, errors_removed=1)
    make_hypothesis(segment, "服用 Metformin 五百", current=False, model_ref="tuned on it")
    assert [one.source for one in alternatives_of(segment)[2]] == ["corrected"]
    blind = alternatives_of(segment, blind=True)
    assert texts(blind)[0] == ["福"] and blind[2] == []


def test_the_page_asks_for_them_and_each_says_where_it_is_from(cast):
    segment = segment_with_words(cast.site)
    make_hypothesis(segment, "服用 Metformin 五百", current=False, model_ref="/models/big")
    url = reverse("segment_alternatives", args=[segment.uuid])
    client = Client()
    client.force_login(cast.annotator)
    words = client.get(url).json()["words"]
    assert words[0] == [{"text": "福", "first": 0, "last": 0, "why": "the recogniser's next choice"}]
    assert words[3] == [{"text": "Metformin", "first": 2, "last": 3, "why": "heard so by another model: big"}]
    client.force_login(cast.outsider)
    assert client.get(url).status_code == 404
