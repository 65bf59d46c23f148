"""Counts, rates, statistics and intervals, each against figures worked out by hand."""

import numpy as np
import pytest

from speech.metrics import (
    ErrorCount,
    align,
    bootstrap_difference,
    bootstrap_interval,
    cer,
    mer,
    summarise,
    term_recall,
    total,
    wer,
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("病人血壓高", "病人血壓高", ErrorCount(0, 0, 0, 5)),
        ("病人血壓高", "病人血糖高", ErrorCount(1, 0, 0, 5)),
        ("病人血壓高", "病人壓高", ErrorCount(0, 1, 0, 5)),
        ("病人血壓高", "病人的血壓高", ErrorCount(0, 0, 1, 5)),
        ("3.5 mg", "35 mg", ErrorCount(0, 1, 0, 5)),
        ("3 5", "35", ErrorCount(0, 1, 0, 3)),
        ("病人", "", ErrorCount(0, 2, 0, 2)),
        ("", "謝謝", ErrorCount(0, 0, 2, 0)),
        ("", "", ErrorCount(0, 0, 0, 0)),
        ("。", "，", ErrorCount(0, 0, 0, 0)),
        ("電腦斷層", "电脑断层", ErrorCount(0, 0, 0, 4)),
    ],
)
def test_character_errors(reference: str, hypothesis: str, expected: ErrorCount):
    assert cer(reference, hypothesis) == expected


def test_rates_of_empty_references_are_defined():
    assert cer("", "").rate == 0.0
    assert cer("", "謝謝").rate == 2.0
    assert ErrorCount().rate == 0.0


def test_mixed_errors_count_a_word_once():
    assert mer("給 metformin 500 mg", "給 metforming 500 mg") == ErrorCount(1, 0, 0, 4)
    assert wer("the patient takes it", "the patient took it") == ErrorCount(1, 0, 0, 4)


def test_counts_add_up():
    counts = [ErrorCount(1, 2, 3, 10), ErrorCount(0, 0, 1, 10)]
    assert total(counts) == ErrorCount(1, 2, 4, 20)
    assert total(counts).rate == pytest.approx(0.35)


def test_alignment_names_every_step():
    assert align(["病", "人", "好"], ["病", "仁", "好", "的"]) == [
        ("equal", "病", "病"),
        ("substitute", "人", "仁"),
        ("equal", "好", "好"),
        ("insert", None, "的"),
    ]
    assert align(["a", "b"], []) == [("delete", "a", None), ("delete", "b", None)]
    assert align([], []) == []


def test_summary_by_hand():
    summary = summarise([ErrorCount(1, 0, 0, 10), ErrorCount(0, 0, 0, 10), ErrorCount(0, 5, 0, 20)])
    assert summary.corpus == pytest.approx(6 / 40)
    assert summary.mean == pytest.approx((0.1 + 0.0 + 0.25) / 3)
    assert summary.median == pytest.approx(0.1)
    assert summary.utterances == 3
    assert summary.mean_trimmed == summary.mean, "three utterances are too few to leave one out"


@pytest.mark.parametrize(("utterances", "left_out"), [(9, 0), (10, 1), (100, 1), (101, 2), (200, 2)])
def test_the_worst_percent_is_left_out(utterances: int, left_out: int):
    """The outliers have a rate of 5, all others 0.1; trimmed means show how many were left out."""
    outliers = 2
    counts = [ErrorCount(0, 0, 50, 10)] * outliers + [ErrorCount(1, 0, 0, 10)] * (utterances - outliers)
    summary = summarise(counts)
    kept = utterances - left_out
    still_in = outliers - left_out
    assert summary.mean_trimmed == pytest.approx((5 * still_in + 0.1 * (kept - still_in)) / kept)
    assert summary.over_one == outliers


def test_there_is_no_rate_of_nothing():
    with pytest.raises(ValueError, match="no utterances"):
        summarise([])
    with pytest.raises(ValueError, match="no utterances"):
        bootstrap_interval([])


def make_counts(rate: float, utterances: int, seed: int = 0) -> list[ErrorCount]:
    errors = np.random.default_rng(seed).binomial(20, rate, utterances)
    return [ErrorCount(int(e), 0, 0, 20) for e in errors]


def test_the_interval_holds_the_rate_and_narrows_with_data():
    few, many = make_counts(0.2, 50), make_counts(0.2, 2000)
    few_low, few_high = bootstrap_interval(few)
    low, high = bootstrap_interval(many)
    assert few_low < total(few).rate < few_high
    assert low < total(many).rate < high
    assert high - low < (few_high - few_low) / 4
    # The binomial's own interval: 1.96 sqrt(p (1 - p) / n) on both sides.
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.2 * 0.8 / 40_000), rel=0.15)
    assert bootstrap_interval(many) == (low, high), "the same seed gives the same interval"


def test_speakers_are_resampled_whole():
    """Two speakers, one good and one bad: by speaker the interval must span nearly both rates."""
    counts = [ErrorCount(0, 0, 0, 20)] * 100 + [ErrorCount(10, 0, 0, 20)] * 100
    low, high = bootstrap_interval(counts, groups=["good"] * 100 + ["bad"] * 100)
    assert (low, high) == (0.0, 0.5)
    with pytest.raises(ValueError, match="groups"):
        bootstrap_interval(counts, groups=["one"])


def test_a_real_gain_is_told_from_chance():
    before, after = make_counts(0.3, 400), make_counts(0.2, 400, seed=1)
    assert bootstrap_difference(before, after)[1] < 0
    low, high = bootstrap_difference(before, make_counts(0.3, 400, seed=2))
    assert low < 0 < high
    assert bootstrap_difference(before, before) == (0.0, 0.0)
    with pytest.raises(ValueError, match="same utterances"):
        bootstrap_difference(before, after[:-1])


@pytest.mark.parametrize(
    ("reference", "hypothesis", "terms", "expected"),
    [
        ("給 Metformin 500 mg", "給metformin五百", ["metformin"], (1, 1)),
        ("給 Metformin", "給 met four min", ["metformin"], (0, 1)),
        ("打 insulin", "打 insulin", ["in", "insulin"], (1, 1)),
        ("電腦斷層和電腦斷層", "电脑断层", ["電腦斷層"], (1, 2)),
        ("沒有", "metformin metformin", ["metformin"], (0, 0)),
        ("NPO 後", "NPO後", ["npo", "NPO", ""], (1, 1)),
    ],
)
def test_term_recall(reference: str, hypothesis: str, terms: list[str], expected: tuple[int, int]):
    assert term_recall(reference, hypothesis, terms) == expected
