"""Recall and precision over the terms of a lexicon."""

from speech.lexicon import Lexicon, Term
from speech.term_metrics import TermCount, term_counts, together

LEXICON = Lexicon(
    [Term("Metformin", ("二甲雙胍",), "drug"), Term("Aspirin", (), "drug"), Term("血壓", (), "other")]
)


def test_a_term_counts_once_for_each_time_it_was_said_and_heard():
    counts = term_counts(
        LEXICON,
        [
            ("服用 metformin 和 aspirin 血壓", "服用 met forming 和 aspirin 血壓"),
            ("metformin metformin", "metformin"),
            ("沒有", "aspirin"),
        ],
    )
    assert counts == {"drug": TermCount(said=4, heard=3, right=2), "other": TermCount(1, 1, 1)}
    assert counts["drug"].recall == 0.5
    assert counts["drug"].precision == 2 / 3
    assert together(counts.values()) == TermCount(5, 4, 3)


def test_another_name_of_the_same_term_is_right():
    assert term_counts(LEXICON, [("二甲雙胍", "Metformin")]) == {"drug": TermCount(1, 1, 1)}


def test_there_is_no_rate_of_nothing():
    assert TermCount().recall is None
    assert TermCount().precision is None
