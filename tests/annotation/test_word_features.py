"""What is known of each word, as numbers: pure."""

from math import log

import numpy as np
import pytest

from annotation.ranking.words import FEATURES, Heard, word_features
from speech.lexicon import Lexicon, Term
from speech.types import Hypothesis, Word


def heard(*words: Word, other: str | None = None, lexicon: Lexicon | None = None) -> Heard:
    hypothesis = Hypothesis(" ".join(word.text for word in words), words=words)
    near = tuple(lexicon.near_misses(hypothesis.text)) if lexicon else ()
    return Heard(hypothesis, 2000, None, other, near)


def column(name: str, one: Heard) -> list[float]:
    return list(word_features(one)[:, FEATURES.index(name)])


def word(text: str, probability: float | None = 0.9, **known: float) -> Word:
    return Word(text, 0, 300, probability, **known)


def test_only_words_that_another_model_heard_differently_are_disputed() -> None:
    words = [word("服用"), word("metforming"), word("三天")]
    assert column("disputed", heard(*words, other="服用 metformin 三天")) == [0, 1, 0]
    assert column("disputed", heard(*words)) == [0.5] * 3  # nobody else has heard it


def test_every_word_of_a_near_miss_is_marked_and_a_term_is_none() -> None:
    lexicon = Lexicon([Term("Metformin"), Term("Morphine")])
    words = [word("服用"), word("met"), word("forming"), word("和"), word("Morphine")]
    assert column("near_term", heard(*words, lexicon=lexicon)) == [0, 1, 1, 0, 0]
    assert column("near_term", heard(*words)) == [0] * 5


def test_entropy_and_margin_are_the_recogniser_s_where_it_told_them() -> None:
    told = heard(word("服", 0.9, entropy=1.25, margin=0.5))
    assert column("entropy", told) == [1.25]
    assert column("margin", told) == [0.5]


def test_of_an_older_draft_entropy_and_margin_follow_from_the_probability() -> None:
    even = heard(word("服", 0.5), word("用", None))
    assert column("entropy", even) == pytest.approx([log(2)] * 2)
    assert column("margin", even) == pytest.approx([0, 0])
    sure, doubtful = column("entropy", heard(word("服", 0.99), word("用", 0.6)))
    assert sure < doubtful


def test_whatever_was_measured_the_features_are_finite() -> None:
    extreme = heard(word("服", 0.0, entropy=1e9, margin=-1e9), word("", 1.0), word("A" * 500, None))
    assert np.isfinite(word_features(extreme)).all()
    assert word_features(heard()).shape == (0, len(FEATURES))
