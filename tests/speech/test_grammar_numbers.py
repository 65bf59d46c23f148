"""Numbers as people say them."""

import pytest

from speech.grammar import numbers


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        (0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九"), (100, "一百"),
        (105, "一百零五"), (110, "一百一十"), (112, "一百一十二"), (144, "一百四十四"), (200, "兩百"),
        (222, "兩百二十二"), (1000, "一千"), (1012, "一千零一十二"), (2005, "兩千零五"), (10_000, "一萬"),
        (10_050, "一萬零五十"), (20_000, "兩萬"), (25_000, "兩萬五千"), (123_456, "十二萬三千四百五十六"),
    ],
)  # fmt: skip
def test_chinese_integers(number, spoken):
    assert numbers.chinese_integer(number) == spoken


def test_every_integer_is_spoken_differently():
    spoken = [numbers.chinese_integer(number) for number in range(12_000)]
    assert len(set(spoken)) == len(spoken)


def test_out_of_range_is_refused():
    for number in (-1, 100_000_000):
        with pytest.raises(ValueError, match="out of range"):
            numbers.chinese_integer(number)
    with pytest.raises(ValueError, match="out of range"):
        numbers.english_integer(1_000_000)


def test_decimals_keep_every_digit():
    assert numbers.chinese_decimal(3, "5") == "三點五"
    assert numbers.chinese_decimal(0, "05") == "零點零五"


def test_times_dates_and_counts():
    assert numbers.chinese_clock(7, 30) == "七點半"
    assert numbers.chinese_clock(2, 5) == "兩點零五分"
    assert numbers.chinese_clock(12, 0) == "十二點"
    assert numbers.chinese_date(4, 30) == "四月三十號"
    assert numbers.chinese_count(2) == "兩"
    assert numbers.chinese_digits("0912") == "零九一二"


def test_english_numbers():
    assert numbers.english_integer(13) == "thirteen"
    assert numbers.english_integer(142) == "one hundred forty two"
    assert numbers.english_integer(20_300) == "twenty thousand three hundred"
    assert numbers.english_clock(7, 5) == "seven oh five"
    assert numbers.english_clock(7, 0) == "seven oclock"
