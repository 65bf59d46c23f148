"""Emitted ids -> pieces of text of whole characters, with the spaces that stand between them."""

from collections.abc import Callable, Sequence

LONGEST_PIECE = 12  # ids that only make sense together; beyond it is noise


def whole_pieces(ids: Sequence[int], text_of: Callable[[Sequence[int]], str]) -> list[tuple[str, int, int]]:
    """-> (text, first id, end) of each. A tokenizer that marks spaces in its tokens drops the mark of a token
    decoded alone; so each piece is what it adds to the text before it."""
    pieces: list[tuple[str, int, int]] = []
    start, before = 0, ""
    for end in range(1, len(ids) + 1):
        text = text_of(ids[:end])
        is_whole = not text.endswith("\ufffd")
        if is_whole or end - start >= LONGEST_PIECE or end == len(ids):
            pieces.append((text[len(before) :], start, end))
            start, before = end, text
    return pieces
