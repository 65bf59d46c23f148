"""Agreement counts characters of Chinese, words of English, both of a mixture; empty texts are defined."""

import pytest

from annotation.texts.agreement import against, between


@pytest.mark.parametrize(
    ("first", "second", "unit", "errors", "length"),
    [
        ("病人頭痛", "病人頭通", "cer", 1, 4),
        ("病人頭痛", "病人頭痛三天", "cer", 2, 6),
        ("no known drug allergy", "no drug allergy", "wer", 1, 4),
        ("給 Metformin 五百", "給 morphine 五百", "mer", 1, 4),
        ("血壓 140", "血壓 140", "cer", 0, 5),
        ("病人", "", "cer", 2, 2),
        ("", "chest pain", "wer", 2, 2),
        ("", "", "cer", 0, 0),
        ("病人頭痛。", "病人头痛", "cer", 0, 4),
    ],
)
def test_the_unit_follows_the_script_and_the_order_does_not_matter(
    first: str, second: str, unit: str, errors: int, length: int
) -> None:
    for found in (between(first, second), between(second, first)):
        assert (found.unit, found.errors, found.length) == (unit, errors, length)


def test_an_empty_text_beside_a_text_differs_in_all_of_it() -> None:
    assert between("病人頭痛", "").rate == 1.0
    assert between("", "").rate == 0.0


def test_against_a_gold_text_the_rate_is_an_error_rate() -> None:
    found = against("病人頭痛", "病人說他頭很痛")
    assert (found.errors, found.length) == (3, 4)
    assert against("病人頭痛", "").rate == 1.0
