"""What one set of stretches leaves of another."""

import pytest

from speech.coverage import uncovered
from speech.types import Span

CASES = [
    # spans, cover, what is left with a tolerance of 100 ms and at least 200 ms
    ([(0, 1000)], [], [(0, 1000)]),
    ([(0, 1000)], [(0, 1000)], []),
    ([(0, 1000)], [(400, 500)], [(0, 300), (600, 1000)]),
    ([(0, 1000)], [(250, 1000)], []),  # 150 ms are no finding
    ([(0, 3000)], [(2000, 2100), (500, 600)], [(0, 400), (700, 1900), (2200, 3000)]),  # in any order
    ([(500, 900), (2000, 2600)], [(0, 1000)], [(2000, 2600)]),
    ([(0, 1000)], [(500, 500)], [(0, 1000)]),  # a word without length covers nothing
    ([], [(0, 100)], []),
]


@pytest.mark.parametrize(("spans", "cover", "left"), CASES)
def test_what_is_left(spans, cover, left) -> None:
    found = uncovered([Span(*one) for one in spans], [Span(*one) for one in cover], 100, 200)
    assert [(one.start_ms, one.end_ms) for one in found] == left
