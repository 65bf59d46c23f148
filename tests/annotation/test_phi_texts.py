"""Marks on a text: checked, carried through edits, found again, masked; and when they were said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.texts.phi import PhiSpan, carried, checked, masked, repeated, united, within
from annotation.texts.phi_times import PADDING_MS, times_of
from speech.types import Span, Word

TEXT = "病人王小明血壓偏高"
NAME = PhiSpan(2, 5, "name")
KINDS = ["name", "date"]


def said(text, step_ms=200):
    return [Word(c, i * step_ms, (i + 1) * step_ms) for i, c in enumerate(text)]


def test_marks_from_a_browser_are_put_in_order():
    sent = [{"start": 5, "end": 7, "kind": "date"}, {"start": 2, "end": 5, "kind": "name"}]
    assert checked(sent, TEXT, KINDS) == [NAME, PhiSpan(5, 7, "date")]


@pytest.mark.parametrize(
    "sent",
    [
        "name",
        [1],
        [{"start": 2, "end": 5}],
        [{"start": 2, "end": 5, "kind": "colour"}],
        [{"start": 5, "end": 2, "kind": "name"}],
        [{"start": 2, "end": 2, "kind": "name"}],
        [{"start": -1, "end": 2, "kind": "name"}],
        [{"start": 2, "end": 99, "kind": "name"}],
        [{"start": True, "end": 5, "kind": "name"}],
        [{"start": 0, "end": 4, "kind": "name"}, {"start": 3, "end": 5, "kind": "name"}],
        [{"start": 0, "end": 1, "kind": "name"}] * 51,
    ],
)
def test_what_is_no_list_of_marks_is_refused(sent):
    with pytest.raises(ValueError, match="span"):
        checked(sent, TEXT, KINDS)


@pytest.mark.parametrize(
    ("after", "span"),
    [
        (TEXT, (2, 5)),
        (f"昨天{TEXT}", (4, 7)),  # moved by what was written before it
        ("病人王大明血壓偏高", (2, 5)),  # a letter of it corrected
        ("病人王明血壓偏高", (2, 4)),
        ("病人血壓偏高", None),
        ("", None),
    ],
)
def test_a_mark_moves_with_its_words(after, span):
    assert carried([NAME], TEXT, after) == ([PhiSpan(*span, "name")] if span else [])


@pytest.mark.parametrize(
    ("part", "span"),
    [((0, 2), None), ((0, 5), (2, 5)), ((0, 3), (2, 3)), ((3, 9), (0, 2)), ((5, 9), None), ((1, 8), (1, 4))],
)
def test_a_part_of_the_text_has_what_is_marked_in_it(part, span):
    assert within([NAME], *part) == ([PhiSpan(*span, "name")] if span else [])


@given(st.text("王小明 a", max_size=12), st.text("王小明 a", max_size=12), st.data())
def test_carried_marks_always_fit_the_text(before, after, data):
    edges = sorted(data.draw(st.sets(st.integers(0, len(before)), max_size=6)))
    spans = [PhiSpan(a, b, "name") for a, b in zip(edges[::2], edges[1::2], strict=False)]
    moved = [span.as_dict() for span in carried(spans, before, after)]
    assert len(checked(moved, after, KINDS)) == len(moved)


def test_a_mark_is_read_as_its_kind():
    assert masked(TEXT, [PhiSpan(5, 7, "date"), NAME]) == "病人[NAME][DATE]偏高"


def test_a_name_that_was_marked_once_is_found_elsewhere():
    known = {"王小明": "name", "王": "name", "Wang": "name"}
    assert repeated("王小明和 wang 和王先生", [], known) == [PhiSpan(0, 3, "name"), PhiSpan(5, 9, "name")]
    assert repeated(TEXT, [NAME], known) == [NAME]


def test_a_mark_is_beeped_from_the_word_before_to_the_word_behind():
    (time,) = times_of(TEXT, [NAME], said(TEXT), 1800)
    assert time == Span(400 - PADDING_MS, 1000 + PADDING_MS)


def test_words_that_were_misheard_at_its_place_belong_to_it():
    heard = "病人往曉名字血壓偏高"
    (time,) = times_of(TEXT, [NAME], said(heard), 2000)
    assert time == Span(400 - PADDING_MS, 1200 + PADDING_MS)


def test_a_neighbour_that_was_misheard_is_beeped_too():
    (time,) = times_of(TEXT, [NAME], said("病刃王小明血壓偏高"), 1800)
    assert time == Span(200 - PADDING_MS, 1000 + PADDING_MS)


def test_at_the_ends_of_a_segment_the_time_goes_to_its_end():
    (time,) = times_of("王小明血壓偏高", [PhiSpan(0, 3, "name")], said("王小明血壓偏高"), 1400)
    assert time == Span(0, 600 + PADDING_MS)


@pytest.mark.parametrize("heard", ["", "病人血壓偏高", "今天天氣很好啊真的"])
def test_a_time_that_is_not_known_is_not_guessed(heard):
    assert times_of(TEXT, [NAME], said(heard), 1800) == [None]


def test_spaces_do_not_shift_the_time():
    text = "病人 John Wang 血壓偏高"
    words = [
        Word("病", 0, 100),
        Word("人", 100, 200),
        Word("john", 200, 500),
        Word("wang", 500, 900),
        *(Word(c, 900 + 100 * i, 1000 + 100 * i) for i, c in enumerate("血壓偏高")),
    ]
    (time,) = times_of(text, [PhiSpan(3, 12, "name")], words, 1300)
    assert time == Span(200 - PADDING_MS, 900 + PADDING_MS)


@pytest.mark.parametrize(
    ("more", "together"),
    [
        ([], [NAME]),
        ([NAME], [NAME]),
        ([PhiSpan(7, 9, "date")], [NAME, PhiSpan(7, 9, "date")]),
        ([PhiSpan(0, 2, "date")], [PhiSpan(0, 2, "date"), NAME]),  # beside it
        ([PhiSpan(1, 3, "date")], [PhiSpan(1, 5, "name")]),
        ([PhiSpan(1, 7, "date"), PhiSpan(6, 8, "date")], [PhiSpan(1, 8, "name")]),
    ],
)
def test_what_one_of_two_readers_marks_is_marked(more, together):
    assert united([NAME], more) == together
