"""Where a text and its sound are cut: property by property, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.texts.cuts import (
    cut_at_caret,
    cut_at_time,
    join_heard,
    join_text,
    part_heard,
    part_spans,
    part_text,
)
from speech.types import Hypothesis, Span, Token, Word

TEXT = "服用 met forming 五百"
WORDS = ["服", "用", "met", "forming", "五", "百"]
HEARD = Hypothesis(
    TEXT,
    tokens=tuple(
        Token(text, -0.1 * (i + 1)) for i, text in enumerate(["服", "用", " met", " forming", " 五", "百"])
    ),
    words=tuple(Word(text, 500 * i, 500 * i + 400, 0.9) for i, text in enumerate(WORDS)),
)


def test_the_cut_lies_between_the_words_on_either_side_of_the_caret() -> None:
    cut = cut_at_caret(TEXT, TEXT.index("forming"), HEARD, 3000)
    assert (TEXT[cut.heard_at :], cut.at_ms) == ("forming 五百", 1450)


def test_a_caret_in_a_typed_text_finds_the_same_place_in_the_heard_one() -> None:
    typed = "病人服用 Metformin 五百毫克"
    cut = cut_at_caret(typed, typed.index("五"), HEARD, 3000)
    assert (TEXT[cut.heard_at :], cut.at_ms) == ("五百", 1950)


def test_a_pause_close_by_is_better_than_the_middle_of_two_words() -> None:
    cut = cut_at_caret(TEXT, TEXT.index("五"), HEARD, 3000, [Span(0, 1900), Span(2200, 3000)])
    assert cut.at_ms == 2050


def test_without_word_times_the_cut_is_in_proportion() -> None:
    assert cut_at_caret("一二三四", 1, Hypothesis("一二三四"), 4000).at_ms == 1000


def test_a_time_finds_the_caret_in_the_typed_text() -> None:
    typed = "病人服用 Metformin 五百毫克"
    assert typed[cut_at_time(typed, 1990, HEARD).caret :] == "五百毫克"


def test_words_and_tokens_go_to_their_side_and_times_count_from_the_cut() -> None:
    left, right = part_heard(HEARD, cut_at_caret(TEXT, TEXT.index("forming"), HEARD, 3000))
    assert (left.text, right.text) == ("服用 met ", "forming 五百")
    assert [word.text for word in left.words] == ["服", "用", "met"]
    assert right.words[0] == Word("forming", 50, 450, 0.9)
    assert [token.text for token in right.tokens] == [" forming", " 五", "百"]
    assert abs(left.avg_logprob + 0.2) < 1e-9


def test_what_was_parted_joins_to_the_same_hypothesis() -> None:
    cut = cut_at_caret(TEXT, TEXT.index("forming"), HEARD, 3000)
    left, right = part_heard(HEARD, cut)
    joined = join_heard(left, right, cut.at_ms, were_one=True)
    assert (joined.text, joined.words, joined.tokens) == (HEARD.text, HEARD.words, HEARD.tokens)


@given(st.text(max_size=30), st.integers(0, 30))
def test_a_text_that_is_parted_anywhere_joins_to_itself(text: str, at: int) -> None:
    assert join_text(*part_text(text, min(at, len(text))), were_one=True) == text


@given(st.text(max_size=30), st.integers(0, 30), st.integers(1, 4000))
def test_any_caret_in_any_text_gives_a_place_inside_the_sound(text: str, at: int, duration_ms: int) -> None:
    cut = cut_at_caret(text, min(at, len(text)), HEARD, 3000)
    assert 0 <= cut.at_ms <= 3000 and 0 <= cut.heard_at <= len(TEXT)
    assert 0 <= cut_at_time(text, duration_ms, HEARD).caret <= len(text)


def test_two_strangers_get_a_space_only_between_latin_words() -> None:
    assert join_text("take aspirin", "daily", were_one=False) == "take aspirin daily"
    assert join_text("每日", "兩次", were_one=False) == "每日兩次"
    assert join_text("aspirin", "每日", were_one=False) == "aspirin每日"


def test_speech_across_the_cut_is_on_both_sides() -> None:
    assert part_spans([Span(0, 900), Span(1000, 1500)], 1200) == (
        [Span(0, 900), Span(1000, 1200)],
        [Span(0, 300)],
    )
