"""Which words are marked, and how strongly."""

import pytest

from annotation.views.doubt import doubt_levels, marked_pieces


@pytest.mark.parametrize(
    ("probability", "level"), [(None, 0), (0.9, 0), (0.7, 1), (0.5, 2), (0.3, 3), (0.1, 4)]
)
def test_the_weight_follows_the_probability(probability, level):
    assert doubt_levels([probability, 1.0, 1.0, 1.0]) == [level, 0, 0, 0]


def test_at_most_a_third_is_marked_the_least_certain_first():
    assert doubt_levels([0.5, 0.1, 0.4, 0.6, 0.3, 0.2]) == [0, 4, 0, 0, 0, 3]


def test_pieces_join_to_the_text_again():
    text = "服用 Metformin 五百"
    words = [
        {"text": "服", "probability": 0.99},
        {"text": "Metformin", "probability": 0.2},
        {"text": "不在", "probability": 0.99},
        {"text": "五", "probability": 0.99},
    ]
    pieces = marked_pieces(text, words)
    assert "".join(piece.text for piece in pieces) == text
    assert [(piece.text, piece.level, piece.percent) for piece in pieces if piece.level] == [
        ("Metformin", 3, 20)
    ]


def test_nothing_gives_nothing():
    assert doubt_levels([]) == []
    assert marked_pieces("", []) == []
