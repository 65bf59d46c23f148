"""Where two texts part, in whole words of the one: what the other says in their place.

Aligned by letters, so that "met forming" meets "Metformin"; cut only at the border of a word on both sides.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from annotation.texts.differences import units

LARGEST_GAP = 2_000  # cells; what parts further is another sentence


def replaced(words: Sequence[str], other: str) -> list[tuple[int, int, str]]:
    """(first word, last word, what `other` says in their place), as few words together as can be parted.

    What stands on one side alone is left out: it is in nobody's place.
    """
    left, left_edges = _letters(words)
    parts = units(other)
    spoken = [part for part in parts if not part.isspace()]
    right, right_edges = _letters(spoken)
    places = _places(parts)
    anchors = [
        (left_edges[i], right_edges[j]) for i, j in _path(left, right) if i in left_edges and j in right_edges
    ]
    found = []
    for (a, c), (b, d) in pairwise(anchors):
        if a == b or c == d:
            continue
        said = other[places[c][0] : places[d - 1][1]]
        if not same_letters(said, "".join(words[a:b])):
            found.append((a, b - 1, said))
    return found


def _letters(words: Sequence[str]) -> tuple[str, dict[int, int]]:
    """All letters in a row, in one case and without spaces; and at which of them each word begins."""
    letters, edges = "", {0: 0}
    for index, word in enumerate(words, start=1):
        letters += "".join(folded if len(folded := c.casefold()) == 1 else c for c in word if not c.isspace())
        edges[len(letters)] = index
    return letters, edges


def _places(parts: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each part that is no space, in the text that the parts join to."""
    places, at = [], 0
    for part in parts:
        if not part.isspace():
            places.append((at, at + len(part)))
        at += len(part)
    return places


def _path(left: str, right: str) -> Iterator[tuple[int, int]]:
    """The points that the best alignment goes through, from (0, 0) to the ends."""
    at = (0, 0)
    for step in Levenshtein.opcodes(left, right):
        if step.tag != "equal":
            continue
        start = (step.src_start, step.dest_start)
        yield from _path_apart(left, right, at, start)
        yield from ((start[0] + k, start[1] + k) for k in range(step.src_end - start[0]))
        at = (step.src_end, step.dest_end)
    yield from _path_apart(left, right, at, (len(left), len(right)))
    yield len(left), len(right)


def _path_apart(
    left: str, right: str, start: tuple[int, int], end: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """From `start` to just before `end`, where the sides differ: a letter is never put for a hanzi."""
    rows, columns = end[0] - start[0], end[1] - start[1]
    if rows * columns > LARGEST_GAP:
        yield start
        return
    cost = [[max(i, j) if not i or not j else 0 for j in range(columns + 1)] for i in range(rows + 1)]
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            swap = 1 if left[start[0] + i - 1].isascii() == right[start[1] + j - 1].isascii() else 3
            cost[i][j] = min(cost[i - 1][j - 1] + swap, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    path = []
    i, j = rows, columns
    while i or j:
        if i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
        elif j and cost[i][j] == cost[i][j - 1] + 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
        path.append((start[0] + i, start[1] + j))
    yield from reversed(path)


def same_letters(one: str, other: str) -> bool:
    """Spaces apart; case counts: "metformin" may become "Metformin"."""
    return "".join(one.split()) == "".join(other.split())
