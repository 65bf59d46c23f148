"""The ranking is pure: drafts in, order and reasons out."""

from dataclasses import replace
from math import isfinite
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.ranking.diversity import Crowd, counted
from annotation.ranking.effort import ExpertTime
from annotation.ranking.errors import expected_errors
from annotation.ranking.priority import RANDOM_SHARE, Candidate, Knowledge, _lot, priorities, priority
from annotation.ranking.words import Heard
from speech.lexicon import NearMiss, Term
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
    batch = [candidate("好的謝謝", 0.6, 1500, key=RANKED_KEYS[i]) for i in range(3)]
    first, second, third = priorities(batch)
    assert first.priority > second.priority > third.priority > 0
    assert {"code": "seen_before", "count": 2} in third.reasons


def test_what_was_corrected_already_teaches_less() -> None:
    known = Knowledge(pairs=counted([SENTENCE] * 20))
    stale, fresh = priorities([candidate(SENTENCE, 0.6)], known)[0], priorities([candidate(SENTENCE, 0.6)])[0]
    assert 0.5 * fresh.priority < stale.priority < 0.6 * fresh.priority


def test_one_voice_does_not_fill_the_batch() -> None:
    """Ten of one speaker and one of another, alike in all else but their words."""
    texts = [
        f"{a}{b}{c}痛"
        for a, b, c in zip(
            "頭胸腹背腰腿手腳肩頸膝", "很又常不真太也都更好最", "甲乙丙丁戊己庚辛壬癸子", strict=True
        )
    ]
    batch = [
        candidate(text, 0.6, key=RANKED_KEYS[i], groups=("speaker b" if i == 10 else "speaker a",))
        for i, text in enumerate(texts)
    ]
    places = priorities(batch)
    assert sum(place.priority > places[10].priority for place in places[:10]) <= 1


def test_a_rare_term_raises_its_segment_until_it_was_corrected_often_enough() -> None:
    term = Term("Metformin")
    near = NearMiss("metforming", term, 1, 1, 2)
    plain = candidate("開 metforming 給他", 0.6)
    rare = replace(plain, heard=replace(plain.heard, near_terms=(near,)))
    assert priority(rare).priority > 1.2 * priority(plain).priority
    assert {"code": "rare_term", "term": "Metformin"} in priority(rare).reasons
    common = Knowledge(terms={"Metformin": 3})
    assert priority(rare, common).priority == priority(plain).priority


DRAFTS = st.lists(
    st.tuples(
        st.text("病人服用血壓高 abc", max_size=20),
        st.floats(0, 1) | st.none(),
        st.integers(0, 30_000),
        st.integers(1, 30_000),
        st.floats(-20, 60) | st.none(),
        st.sampled_from(["a", "b", ""]),
    ),
    max_size=12,
)


def drawn(rows: list) -> list[Candidate]:
    return [
        Candidate(
            key=str(index),
            heard=Heard(heard(text, probability), speech_ms, snr_db),
            flags=(),
            duration_ms=duration_ms,
            groups=(speaker,) if speaker else (),
        )
        for index, (text, probability, speech_ms, duration_ms, snr_db, speaker) in enumerate(rows)
    ]


@given(DRAFTS, st.randoms())
def test_places_are_numbers_and_do_not_depend_on_the_order_of_the_batch(rows: list, rng: Random) -> None:
    batch = drawn(rows)
    places = {one.key: place for one, place in zip(batch, priorities(batch), strict=True)}
    assert all(isfinite(value) and value >= 0 for place in places.values() for value in place[:3])
    rng.shuffle(batch)
    assert {one.key: place for one, place in zip(batch, priorities(batch), strict=True)} == places


@given(DRAFTS)
def test_each_place_counts_what_stands_before_it_and_nothing_else(rows: list) -> None:
    batch = [replace(one, key=RANKED_KEYS[index]) for index, one in enumerate(drawn(rows))]
    crowd = Crowd({})
    ranked = zip(priorities(batch), batch, strict=True)
    for place, one in sorted(ranked, key=lambda pair: (-pair[0].priority, pair[1].key)):
        text = one.heard.hypothesis.text
        assert place.priority == pytest.approx(priority(one).priority * crowd.weight(text, one.groups))
        crowd.add(text, one.groups)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(500, 20_000))
def test_more_expected_errors_never_come_later(one: float, other: float, duration_ms: int) -> None:
    surer, doubtful = (candidate(SENTENCE, p, duration_ms) for p in (max(one, other), min(one, other)))
    assert priority(doubtful).expected_errors >= priority(surer).expected_errors
    assert priority(doubtful).priority >= priority(surer).priority


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
