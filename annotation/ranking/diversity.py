"""Ten times "好的謝謝" teaches no more than once: repeated drafts of one batch lose weight."""

from collections import Counter
from collections.abc import Sequence

from speech.text import characters


def earlier_twins(texts: Sequence[str]) -> list[int]:
    """For each text, how many before it in the batch say the same. An empty draft says nothing: 0."""
    seen: Counter[str] = Counter()
    twins = []
    for text in texts:
        key = characters(text)
        twins.append(seen[key] if key else 0)
        seen[key] += 1
    return twins


def weight(twins: int) -> float:
    """1, 1/2, 1/3, ...: later ones sink, none disappears."""
    return 1.0 / (1 + twins)
