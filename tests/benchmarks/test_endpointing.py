"""The simulated live session: real voice detector, synthesised speech, a virtual clock."""

from dataclasses import replace

import pytest

from benchmarks.endpointing.dictations import Dictation, dictations
from benchmarks.endpointing.simulation import EngineDelay, Outcome, simulate
from inference.streaming.events import Heard
from inference.streaming.options import DEFAULT_ENDPOINT, Hangover, SessionOptions

DELAY = EngineDelay(p50_ms=50, p95_ms=60)


@pytest.fixture(scope="module")
def spoken() -> Dictation:
    return dictations(1)[0]


def outcome(spoken: Dictation, hangover_ms: int) -> Outcome:
    options = SessionOptions(replace(DEFAULT_ENDPOINT, hangover=Hangover.fixed(hangover_ms)))
    return simulate(spoken.samples, options, lambda request: Heard("好"), DELAY)


def last_text_ms(outcome: Outcome) -> float:
    return outcome.finals[-1][1]


def test_the_pauses_of_a_dictation_lie_between_its_words(spoken: Dictation) -> None:
    assert len(spoken.between) == 5
    for pause in (*spoken.inner, *spoken.between):
        assert pause.duration_ms >= 150
        assert not any(word.start_ms < pause.end_ms and word.end_ms > pause.start_ms for word in spoken.words)


def test_the_clock_is_virtual_and_gives_the_same_again(spoken: Dictation) -> None:
    assert outcome(spoken, 256) == outcome(spoken, 256)


def test_a_longer_hangover_is_later_by_so_much_and_cuts_less(spoken: Dictation) -> None:
    short, long = outcome(spoken, 192), outcome(spoken, 992)
    assert last_text_ms(long) - last_text_ms(short) == 800
    assert len(long.finals) < len(short.finals)


def test_a_pause_is_over_when_the_voice_is_and_never_before(spoken: Dictation) -> None:
    ends = [word.end_ms for word in spoken.words]
    for final, at_ms in outcome(spoken, 256).finals:
        assert at_ms >= final.end_ms
        assert any(end <= final.end_ms <= end + 400 for end in ends)
