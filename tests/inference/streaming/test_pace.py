"""When partial texts are asked for."""

from inference.streaming.options import PartialOptions
from inference.streaming.pace import PartialPace


def test_partials_are_paced_by_sound() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    assert not pace.due(position=16_000, speech=7_000)
    assert pace.due(position=16_000, speech=8_000)
    pace.asked(16_000, speech=8_000)
    assert not pace.due(position=25_000, speech=9_000)
    assert pace.due(position=25_600, speech=9_000)


def test_slow_answers_make_partials_rare() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    pace.asked(16_000, speech=8_000)
    pace.answered(48_000)
    assert not pace.due(position=79_000, speech=60_000)
    assert pace.due(position=80_000, speech=60_000)
    pace.begin()
    assert pace.due(position=90_000, speech=8_000)


def test_without_a_voice_since_the_last_one_there_is_nothing_to_decode() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    pace.asked(16_000, speech=8_000)
    assert not pace.due(position=90_000, speech=8_000)
    assert pace.due(position=90_000, speech=8_512)


def test_a_pressed_engine_is_asked_half_as_often_then_a_quarter_then_not_at_all() -> None:
    pace = PartialPace(PartialOptions(first_ms=500, interval_ms=600))
    waits_ms = []
    for pressure in range(4):
        pace.pressed(pressure)
        pace.asked(0, speech=0)
        due = (ms for ms in range(0, 20_000, 100) if pace.due(ms * 16, speech=512))
        waits_ms.append(next(due, None))
    assert waits_ms == [600, 1200, 2400, None]
    pace.pressed(0)
    assert pace.due(9_600, speech=512)
