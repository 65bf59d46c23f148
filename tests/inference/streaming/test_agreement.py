"""How much of a partial text is believed, and how texts of the same speech are put together."""

import pytest

from inference.streaming.agreement import agreement, continues, joined


@pytest.mark.parametrize(
    ("older", "newer", "stable"),
    [
        ("", "病人", ""),
        ("病人", "病人目前", "病人"),
        ("病人目錢", "病人目前", "病人目"),
        ("病人目前", "病人目前", "病人目"),  # the newest word is held back
        ("服用 Met", "服用 Metformin", "服用 "),
        ("服用 Metformin", "服用 Metformin", "服用 "),  # the word may still grow
        ("服用 Metformin 五", "服用 Metformin 500", "服用 Metformin "),
        ("血糖 3", "血糖 3.5", "血糖 "),
        ("血糖 3.5 m", "血糖 3.5 mg 每天", "血糖 "),  # a number and its unit are one
        ("血糖 3.5 mg 每", "血糖 3.5 mg 每天", "血糖 3.5 mg 每"),
        ("血壓一百四", "血壓一百四十毫", "血壓"),
        ("給五毫克", "給五毫克一天", "給五毫克"),
        ("Metformin 好", "Metformin 好的", "Metformin 好"),
        ("Metformin 好的", "Metformin 好的病", "Metformin 好的"),
        ("Metformin 好的病", "Metformin 好的病", "Metformin 好的"),
        ("病人\ufffd", "病人\ufffd好", "病人"),  # half a character is none
    ],
)
def test_characters_agree_and_words_numbers_and_units_stay_whole(older: str, newer: str, stable: str) -> None:
    assert newer[: agreement(older, newer)] == stable


@pytest.mark.parametrize(
    ("committed", "text", "shown"),
    [
        ("", "病人", "病人"),
        ("病人", "病人目前", "病人目前"),
        ("病人", "病仁目前", "病人目前"),
        ("病人目前", "病人", "病人目前"),
        ("給 Aspirin ", "給 aspirin 100", "給 Aspirin 100"),
    ],
)
def test_what_is_committed_is_only_gone_on_from(committed: str, text: str, shown: str) -> None:
    assert continues(committed, text) == shown


def test_the_text_of_the_last_part_is_joined_where_both_say_the_same() -> None:
    assert joined("病人今天血壓一百四十", "天血壓一百四十心跳八十") == "病人今天血壓一百四十心跳八十"
    assert joined("病人今天血壓一百四十", "心跳八十") is None
