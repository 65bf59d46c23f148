"""Texts in a row: a space parts words, not hanzi."""

import pytest

from speech.joining import joined, separator


@pytest.mark.parametrize(
    ("before", "after", "between"),
    [
        ("blood", "pressure", " "),
        ("病人", "血壓", ""),
        ("給予", "Metformin", ""),
        ("Metformin", "五百", ""),
        ("頭痛。", "Then", ""),
        ("mg.", "Then", " "),
        ("", "病人", ""),
        ("病人", "", ""),
        ("word ", "next", ""),
    ],
)
def test_what_stands_between(before, after, between):
    assert separator(before, after) == between


def test_empty_texts_leave_no_trace():
    assert joined(["blood", "", "pressure", "一百四十", ""]) == "blood pressure一百四十"
