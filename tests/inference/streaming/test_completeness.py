"""Whether a text looks as if its speaker were done."""

import pytest

from inference.streaming.completeness import Ending, ending_of
from inference.streaming.events import Heard
from speech.types import Word


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("", Ending.COMPLETE),
        ("吃藥了嗎", Ending.COMPLETE),
        ("吃藥了嗎？", Ending.COMPLETE),
        ("Metformin 500 mg", Ending.COMPLETE),
        ("Metformin 500", Ending.PLAIN),
        ("血壓一百四十", Ending.PLAIN),
        ("病人有發燒。", Ending.PLAIN),  # a model ends whatever it hears with a full stop
        ("the patient has fever", Ending.PLAIN),
        ("the patient has", Ending.UNFINISHED),
        ("history of.", Ending.UNFINISHED),
        ("Atlanta", Ending.PLAIN),  # ends in "a", but not in the word
        ("病人有發燒，", Ending.UNFINISHED),
        ("病人有發燒因為", Ending.UNFINISHED),
        ("血壓 120/", Ending.UNFINISHED),
        ("病\ufffd", Ending.UNFINISHED),
    ],
)
def test_only_clear_signs_count(text: str, ending: Ending) -> None:
    assert ending_of(Heard(text)) is ending


def test_an_unsure_last_word_is_no_clear_sign() -> None:
    assert ending_of(Heard("好了", (Word("了", 0, 100, 0.3),))) is Ending.PLAIN
    assert ending_of(Heard("好了", (Word("了", 0, 100, 0.9),))) is Ending.COMPLETE
