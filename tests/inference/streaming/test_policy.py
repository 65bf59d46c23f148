"""How much of a partial text is believed."""

import pytest

from inference.streaming.policy import PartialOptions, PartialPace, StablePrefix, agreement


@pytest.mark.parametrize(
    ("older", "newer", "stable"),
    [
        ("", "病人", ""),
        ("病人", "病人目前", "病人"),
        ("病人目錢", "病人目前", "病人目"),
        ("服用 Met", "服用 Metformin", "服用 "),
        ("服用 Metformin", "服用 Metformin", "服用 "),  # the word may still grow
        ("服用 Metformin 五", "服用 Metformin 500", "服用 Metformin "),
        ("血糖 3", "血糖 3.5", "血糖 "),
        ("Metformin 好", "Metformin 好的", "Metformin 好"),
    ],
)
def test_characters_agree_and_latin_words_stay_whole(older: str, newer: str, stable: str) -> None:
    assert newer[: agreement(older, newer)] == stable


def test_the_first_hypothesis_is_never_stable() -> None:
    prefix = StablePrefix()
    assert [prefix.push("病人"), prefix.push("病人目前")] == [0, 2]


def test_partials_are_paced_by_sound() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    assert not pace.due(position=16_000, speech=7_000)
    assert pace.due(position=16_000, speech=8_000)
    pace.asked(16_000)
    assert not pace.due(position=25_000, speech=9_000)
    assert pace.due(position=25_600, speech=9_000)


def test_slow_answers_make_partials_rare() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    pace.asked(16_000)
    pace.answered(48_000)
    assert not pace.due(position=79_000, speech=60_000)
    assert pace.due(position=80_000, speech=60_000)
    pace.begin()
    assert pace.due(position=90_000, speech=8_000)
