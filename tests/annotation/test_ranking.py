"""The ranking is pure: drafts in, order and reasons out."""

import pytest

from annotation.ranking.diversity import earlier_twins
from annotation.ranking.effort import ExpertTime
from annotation.ranking.errors import expected_errors
from annotation.ranking.priority import RANDOM_SHARE, Candidate, _lot, priorities, priority
from annotation.ranking.words import Heard
from speech.types import Hypothesis, Word

RANKED_KEYS = [key for key in map(str, range(200)) if _lot(key) >= RANDOM_SHARE]


def heard(text: str, probability: float = 0.9) -> Hypothesis:
    return Hypothesis(text, words=tuple(Word(c, 0, 0, probability) for c in text if c != " "))


def candidate(text: str, probability: float = 0.9, duration_ms: int = 4000, **fields: object) -> Candidate:
    sound = Heard(heard(text, probability), duration_ms, fields.pop("snr_db", None))
    return Candidate(
        **{"key": RANKED_KEYS[0], "heard": sound, "flags": (), "duration_ms": duration_ms, **fields}
    )


SENTENCE = "病人主訴胸口悶痛已經三天了"


def codes(one: Candidate) -> list[str]:
    return [str(reason["code"]) for reason in priority(one).reasons]


def test_doubt_comes_first_at_the_same_length() -> None:
    assert priority(candidate(SENTENCE, 0.5)).priority > priority(candidate(SENTENCE, 0.9)).priority


def test_the_same_doubt_is_worth_less_when_it_takes_longer() -> None:
    short, long = candidate(SENTENCE, 0.6, 3000), candidate(SENTENCE, 0.6, 6000)
    assert priority(short).priority > priority(long).priority


def test_an_expert_second_counts_not_the_sum_of_doubt() -> None:
    """Twice the errors in four times the time come second: this is not plain uncertainty sampling."""
    short, long = candidate(SENTENCE, 0.6, 3000), candidate(SENTENCE * 2, 0.6, 12_000)
    assert priority(long).expected_errors > priority(short).expected_errors
    assert priority(short).priority > priority(long).priority


@pytest.mark.parametrize("flag", ["repetition", "impossible_rate", "known_phrase", "words_without_speech"])
def test_invented_text_is_not_believed_however_sure_the_model_was(flag: str) -> None:
    plain, flagged = candidate(SENTENCE, 0.99), candidate(SENTENCE, 0.99, flags=(flag,))
    assert expected_errors(flagged.heard, flagged.flags) > 7
    assert priority(flagged).priority > 5 * priority(plain).priority
    assert codes(flagged)[0] == f"flag_{flag}"


def test_words_that_are_missing_count_as_errors() -> None:
    empty = candidate("", flags=("speech_without_words",))
    assert priority(empty).expected_errors == pytest.approx(18)
    assert {"code": "few_words", "count": 18} in priority(empty).reasons
    assert priority(candidate("好", 0.99, 6000)).expected_errors > 20
    assert priority(candidate(SENTENCE, 0.99)).expected_errors < 1


def test_a_hopeless_draft_costs_what_typing_costs() -> None:
    pace = ExpertTime(overhead_s=0, listening_factor=0, seconds_per_edit=2, seconds_per_typed=0.5)
    assert pace.seconds(1000, errors=1, length=20) == 2
    assert pace.seconds(1000, errors=18, length=20) == 10


def test_priority_is_errors_over_seconds() -> None:
    place = priority(candidate(SENTENCE, 0.5))
    assert place.priority == pytest.approx(place.expected_errors / place.expected_seconds)
    assert place.expected_seconds > 4 * 1.3


def test_reasons_say_why_with_figures() -> None:
    one = candidate("給予 Metformin 五百毫克每日兩次", 0.4, snr_db=4.2)
    reasons = priority(one).reasons
    assert [reason["code"] for reason in reasons] == [
        "likely_errors",
        "doubtful_words",
        "mixed_language",
        "noisy",
    ]
    assert reasons[-1]["snr_db"] == 4.2
    assert reasons[0]["count"] == round(priority(one).expected_errors)


def test_a_repeated_draft_sinks() -> None:
    assert earlier_twins(["好的謝謝", "有發燒", "好的,謝謝。", "", "", "好的謝謝"]) == [0, 0, 1, 0, 0, 2]
    batch = [candidate("好的謝謝", 0.6, 1500, key=RANKED_KEYS[i]) for i in range(3)]
    first, second, third = priorities(batch)
    assert first.priority > second.priority > third.priority > 0
    assert {"code": "seen_before", "count": 2} in third.reasons


def test_a_share_is_drawn_by_lot_whatever_it_holds() -> None:
    keys = [f"segment {number}" for number in range(4000)]
    drawn = [key for key in keys if _lot(key) < RANDOM_SHARE]
    assert len(drawn) / len(keys) == pytest.approx(RANDOM_SHARE, abs=0.012)
    sure = [priority(candidate("好", 0.99, key=key)) for key in drawn[:40]]
    doubtful = [priority(candidate("壞", 0.1, 9000, key=key)) for key in drawn[:40]]
    assert [place.priority for place in sure] == [place.priority for place in doubtful]
    spread = [place.priority for place in sure]
    assert min(spread) < 0.1 < 0.5 < max(spread)
    assert all({"code": "random_sample"} in place.reasons for place in sure)
