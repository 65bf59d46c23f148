"""Confidence is learned from corrections: pure, on drafts whose true error rates are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.ranking.calibration import (
    LEAST_DOUBT,
    Calibration,
    Corrected,
    expected_calibration_error,
    fit,
    mark_from,
)
from annotation.ranking.errors import expected_errors
from annotation.ranking.words import FEATURES, Heard, word_features, wrong_words
from speech.types import Hypothesis, Word

SPOKEN = "病人主訴胸口悶痛三天了請安排檢查"


def draft(words: list[str], probabilities: list[float | None]) -> Hypothesis:
    timed = tuple(
        Word(text, 200 * i, 200 * (i + 1), p)
        for i, (text, p) in enumerate(zip(words, probabilities, strict=True))
    )
    return Hypothesis("".join(words), words=timed, avg_logprob=-0.3)


def overconfident(recordings: int = 12, seed: int = 0) -> list[Corrected]:
    """The recogniser says 95 % or 70 %; it is right 70 % or 20 % of the time."""
    rng = np.random.default_rng(seed)
    corrected = []
    for recording in range(recordings):
        for _ in range(4):
            said = rng.choice(list(SPOKEN), 10)
            sure = rng.random(10) < 0.7
            right = rng.random(10) < np.where(sure, 0.7, 0.2)
            heard = [c if ok else "錯" for c, ok in zip(said, right, strict=True)]
            hypothesis = draft(heard, [0.95 if s else 0.7 for s in sure])
            corrected.append(Corrected(Heard(hypothesis, 2500, 20.0), "".join(said), f"r{recording}"))
    return corrected


def test_what_was_wrong_is_read_off_the_correction() -> None:
    hypothesis = draft(["血", "壓", "amlodipin", "開", "五"], [0.9] * 5)
    wrong, missing = wrong_words(hypothesis, "血壓 amlodipine 開三毫克")
    assert wrong.tolist() == [False, False, False, False, True]
    assert missing == 3  # an e, 毫 and 克


def test_a_draft_without_words_misses_everything() -> None:
    wrong, missing = wrong_words(Hypothesis(""), "血壓")
    assert len(wrong) == 0 and missing == 2
    assert word_features(Heard(Hypothesis(""), 1000)).shape == (0, len(FEATURES))


def test_a_fit_is_nearer_to_the_truth_than_the_recogniser() -> None:
    found = fit(overconfident(), missing_expected=0.0)
    assert found is not None
    assert found.ece < 0.08 < 0.25 < found.ece_raw
    assert found.auc > 0.65  # two kinds of words, so no order can do much better
    assert sum(one.words for one in found.reliability) == found.words == 480


def test_expected_errors_follow_what_was_learned() -> None:
    found = fit(overconfident(), missing_expected=0.0)
    assert found is not None
    sure = Heard(draft(list("病人主訴胸"), [0.95] * 5), 1200, 20.0)
    assert expected_errors(sure, ()) == pytest.approx(0.25)
    assert 1.0 < expected_errors(sure, (), found.calibration) < 2.2  # 30 % of five


def test_too_little_teaches_nothing() -> None:
    assert fit([], 0.0) is None
    assert fit(overconfident(recordings=2), 0.0) is None
    right = [Corrected(one.heard, one.heard.hypothesis.text, one.group) for one in overconfident()]
    assert fit(right, 0.0) is None


def test_a_calibration_of_other_features_is_not_used() -> None:
    stored = Calibration((0.0,) * len(FEATURES), 0.1, 0.8).as_dict()
    assert Calibration.from_dict(stored) == Calibration((0.0,) * len(FEATURES), 0.1, 0.8)
    assert Calibration.from_dict({**stored, "weights": [1.0]}) is None


def test_words_are_marked_only_where_most_are_wrong() -> None:
    believed = np.linspace(0, 1, 200)
    wrong = believed > 0.7
    assert mark_from(believed, wrong) == pytest.approx(0.5, abs=0.02)
    assert mark_from(believed, believed > 0.1) == LEAST_DOUBT
    assert mark_from(believed, np.zeros(200, bool)) is None


def test_the_calibration_error_of_the_truth_is_none() -> None:
    wrong = np.arange(1000) % 4 == 0
    assert expected_calibration_error(np.full(1000, 0.25), wrong) == pytest.approx(0)
    assert expected_calibration_error(np.full(1000, 0.75), wrong) == pytest.approx(0.5)


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=12),
    st.floats(-30, 60),
    st.integers(0, 20_000),
)
def test_no_draft_gives_anything_but_finite_figures(probabilities, snr_db, speech_ms) -> None:
    words = [("amlodipine" if i % 3 == 0 else "病") for i in range(len(probabilities))]
    heard = Heard(draft(words, probabilities), speech_ms, snr_db)
    calibration = Calibration((5.0,) * len(FEATURES), -3.0)
    assert np.isfinite(word_features(heard)).all()
    assert ((calibration.probability_wrong(heard) >= 0) & (calibration.probability_wrong(heard) <= 1)).all()
    assert np.isfinite(expected_errors(heard, ("repetition",), calibration))
