"""Speech without words and words without speech: what one set of stretches of time leaves of another.

Pure arithmetic on milliseconds; knows nothing of models or of sound.
"""

from collections.abc import Sequence

from speech.types import Span

# Attention places a word to some tens of milliseconds and trims its edges; VAD pads. Less is no finding.
TOLERANCE_MS = 200
SHORTEST_MS = 300


def uncovered(
    spans: Sequence[Span],
    cover: Sequence[Span],
    tolerance_ms: int = TOLERANCE_MS,
    shortest_ms: int = SHORTEST_MS,
) -> list[Span]:
    """What is left of `spans` beyond `tolerance_ms` around any of `cover`, if at least `shortest_ms` long."""
    widened = sorted(
        (max(0, one.start_ms - tolerance_ms), one.end_ms + tolerance_ms)
        for one in cover
        if one.end_ms > one.start_ms
    )
    left: list[Span] = []
    for span in spans:
        at_ms = span.start_ms
        for start_ms, end_ms in widened:
            if start_ms >= span.end_ms:
                break
            if start_ms > at_ms:
                left.append(Span(at_ms, start_ms))
            at_ms = max(at_ms, end_ms)
        if at_ms < span.end_ms:
            left.append(Span(at_ms, span.end_ms))
    return [one for one in left if one.duration_ms >= shortest_ms]
