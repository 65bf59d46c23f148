"""Pieces of two texts: lossless whatever the texts are."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotation.texts.differences import Piece, pieces

TEXT = st.text(alphabet="病人服用 Metformin,500。x", max_size=30)


@given(TEXT, TEXT)
def test_the_pieces_join_to_either_side(left, right):
    found = pieces(left, right)
    assert "".join(piece.left for piece in found) == left
    assert "".join(piece.right for piece in found) == right
    assert all(one.same != other.same for one, other in pairwise(found))


def test_a_latin_word_is_replaced_as_a_whole():
    assert pieces("服用 metforming 500", "服用 metformin 500") == [
        Piece("服用 ", "服用 "),
        Piece("metforming", "metformin"),
        Piece(" 500", " 500"),
    ]
