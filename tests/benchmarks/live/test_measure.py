"""From screens to figures: latencies, lag, what was lost."""

import numpy as np
import pytest

from benchmarks.live.alignment import AlignedCharacter, HeardCharacter
from benchmarks.live.gold import Dictation, GoldCharacter, GoldUtterance
from benchmarks.live.harness import Take
from benchmarks.live.measure import lags_ms, measure, percentile
from benchmarks.live.screen import Change, Screen


def two_utterances() -> Dictation:
    """甲乙 said by 400 and 600 ms, 丙丁 by 2400 and 2600 ms; four seconds in all."""
    said = [("甲", 400, 0), ("乙", 600, 0), ("丙", 2400, 1), ("丁", 2600, 1)]
    return Dictation(
        "two",
        np.zeros(64_000, np.float32),
        (GoldUtterance("甲乙", 200, 600), GoldUtterance("丙丁", 2200, 2600)),
        tuple(GoldCharacter(*one) for one in said),
    )


def take_of(*updates: tuple[float, Change], sent_ms: int = 4000, saved_ms: int | None = 4000) -> Take:
    screen = Screen(sent_ms=sent_ms, saved_ms=saved_ms)
    for at_ms, change in updates:
        screen.show(at_ms, change)
    return Take(two_utterances(), screen)


def test_every_latency_counts_from_the_gold_moment():
    measured = measure(
        [
            take_of(
                (700, Change(0, "甲")),
                (1100, Change(0, "甲乙", True)),
                (2700, Change(1, "丙丁")),
                (3000, Change(1, "丙丁", True)),
            )
        ]
    )
    assert measured.character_ms == [300, 500, 300, 100]
    assert measured.first_partial_ms == [500, 500]
    assert measured.final_ms == [500, 400]
    assert (measured.cer, measured.lost_audio_ms, measured.unfinished) == (0, 0, 0)


def test_a_text_that_is_never_final_is_unfinished_unless_staying_counts():
    take = take_of((1100, Change(0, "甲乙", True)), (2700, Change(1, "丙丁")))
    strict, kind = measure([take]), measure([take], kept_is_final=True)
    assert (strict.final_ms, strict.unfinished) == ([500], 1)
    assert (kind.final_ms, kind.unfinished) == ([500, 100], 0)


def test_an_utterance_without_text_is_lost_sound():
    measured = measure([take_of((1100, Change(0, "甲乙", True)))])
    assert measured.lost_audio_ms == 400
    assert measured.cer == 0.5


def test_what_the_server_takes_for_no_speech_is_told_apart_from_lost_sound():
    take = take_of((1100, Change(0, "甲乙", True)))
    take.screen.declined.append((2000, 2900))
    measured = measure([take])
    assert (measured.lost_audio_ms, measured.declined, measured.unfinished) == (0, 1, 0)


def test_sound_that_was_not_acknowledged_is_lost():
    updates = (1100, Change(0, "甲乙", True)), (3000, Change(1, "丙丁", True))
    assert measure([take_of(*updates, saved_ms=3300)]).lost_audio_ms == 700
    assert measure([take_of(*updates, sent_ms=3900, saved_ms=None)]).lost_audio_ms == 100


def test_who_was_refused_has_lost_everything():
    take = Take(two_utterances(), Screen(problem="the server is full"))
    measured = measure([take])
    assert measured.lost_audio_ms == 4000
    assert measured.problems == ["the server is full"]
    assert percentile(measured.final_ms, 95) is None


def test_lag_is_the_age_of_the_oldest_character_that_is_missing():
    pairs = [
        AlignedCharacter(GoldCharacter("甲", 200, 0), HeardCharacter("甲", 450, 450, None)),
        AlignedCharacter(GoldCharacter("乙", 300, 0), HeardCharacter("乙", 500, 500, None)),
    ]
    # at 100 .. 700 ms; at 450 both are missing, at 500 none is
    assert lags_ms(pairs, 700) == [0, 0, 100, 200, 0, 0, 0]


@pytest.mark.parametrize(("values", "expected"), [([], None), ([3.0], 3.0), ([0.0, 10.0], 9.5)])
def test_a_percentile_of_nothing_is_nothing(values, expected):
    assert percentile(values, 95) == expected
