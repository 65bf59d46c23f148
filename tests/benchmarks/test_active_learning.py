"""The campaign's own arithmetic: the expert's time, and what is read off the curves."""

from math import inf

import pytest

from benchmarks.active_learning.__main__ import minutes_to
from benchmarks.active_learning.expert import KEY_S, MIND_S, seconds_of

SAID = "病人服用 metformin 五百毫克"


def test_a_right_draft_costs_hearing_and_one_key():
    assert seconds_of(4000, SAID, SAID) == pytest.approx(4 + MIND_S + KEY_S)


def test_every_wrong_place_costs_more():
    one, two = "病人服用 morphine 五百毫克", "病人扶用 morphine 五百毫克"
    assert seconds_of(4000, SAID, SAID) < seconds_of(4000, one, SAID) < seconds_of(4000, two, SAID)


def test_a_hopeless_draft_costs_what_typing_costs():
    assert seconds_of(4000, "", SAID) == seconds_of(4000, "完全不是這樣說的啊對嗎然後沒有了", SAID)


def test_the_minutes_lie_on_the_line_between_two_rounds():
    curve = [{"minutes": 0.0, "cer": 0.5}, {"minutes": 10.0, "cer": 0.3}, {"minutes": 20.0, "cer": 0.2}]
    assert minutes_to(curve, 0.4) == pytest.approx(5)
    assert minutes_to(curve, 0.25) == pytest.approx(15)
    assert minutes_to(curve, 0.1) == inf
