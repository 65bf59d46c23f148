"""Errors as they are counted, words as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.heard import Stretch, stretches, written_tokens
from speech.lexicon import Lexicon, Term
from speech.term_confusions import ConfusionCount, confusion_counts, heard_by_place, term_confusions
from speech.text import tokens


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("病人服用 Metformin。", ["病", "人", "服", "用", "Metformin"]),
        ("ＣＴ 檢查,10mg", ["ＣＴ", "檢", "查", "10", "mg"]),
        ("血壓 140/90,心跳 38.5。", ["血", "壓", "140/90", "心", "跳", "38.5"]),
        ("", []),
    ],
)
def test_tokens_are_shown_as_they_were_written(text, written):
    assert written_tokens(text) == written


@given(st.text(alphabet="病糖尿A bC1½,。².mg", max_size=12))
def test_there_is_one_written_form_for_each_token(text):
    assert len(written_tokens(text)) == len(tokens(text))


def test_what_does_not_count_as_an_error_is_not_marked():
    assert stretches("糖尿病,服用 Metformin", "糖尿病服用metformin。") == [
        Stretch("糖尿病服用 Metformin", "糖尿病服用 Metformin", True)
    ]


def test_wrong_stretches_stand_between_right_ones():
    assert stretches("病人服用藥物", "病人不用藥物了") == [
        Stretch("病人", "病人", True),
        Stretch("服", "不", False),
        Stretch("用藥物", "用藥物", True),
        Stretch("", "了", False),
    ]
    assert stretches("", "") == []
    assert stretches("胸痛", "") == [Stretch("胸痛", "", False)]


LEXICON = Lexicon([Term("Metformin", ("二甲雙胍",)), Term("糖尿病"), Term("胸痛")])


PAIRS = [
    ("服用 Metformin 治療", "服用 met forming 治療"),
    ("服用 Metformin 治療", "服用 Met forming 治療"),
    ("有糖尿病史", "有唐尿病史"),
    ("主訴胸痛", "主訴"),
]


def test_a_term_is_counted_by_what_stood_in_its_place():
    counts = confusion_counts(term_confusions(LEXICON, PAIRS), term_confusions(LEXICON, PAIRS[1:2]))
    assert counts == [
        ConfusionCount("Metformin", "met forming", 2, 1),  # however it is written
        ConfusionCount("糖尿病", "唐尿病", 1, 0),
        ConfusionCount("胸痛", "", 1, 0),
    ]


def test_a_term_that_was_heard_by_any_of_its_names_is_no_confusion():
    pairs = [("服用 Metformin 治療", "服用二甲雙胍治療"), ("有糖尿病史", "有糖尿病史"), ("沒有", "有")]
    assert not list(term_confusions(LEXICON, pairs))


def test_a_term_that_stands_elsewhere_in_the_hypothesis_is_no_confusion():
    assert not list(term_confusions(LEXICON, [("主訴胸痛三天", "胸痛主訴三天")]))


def test_a_word_put_in_beside_a_stretch_belongs_to_it():
    places = [(1, 2), (0, 1), (2, 3)]
    assert heard_by_place("甲乙丙", "甲丁戊丙", places) == ["丁戊", "甲丁", "丙"]
    assert heard_by_place("甲乙丙", "", places) == ["", "", ""]
