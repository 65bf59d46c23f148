"""When a stretch of a corrected text was said, by the draft's words that were heard at its place.

For beeping, so in doubt the longer time: from the end of the last word before it that the draft heard right
to the start of the first one behind it.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from annotation.texts.phi import PhiSpan
from speech.types import Span, Word

PADDING_MS = 150
# Where the draft heard less than this of the rest of the text, its times say nothing about the text.
LEAST_HEARD = 0.5


def times_of(
    text: str, spans: Sequence[PhiSpan], words: Sequence[Word], duration_ms: int
) -> list[Span | None]:
    """For each span its time in the utterance, padded; None where it is not known."""
    heard = "".join(word.text for word in words).lower()
    word_of = [i for i, word in enumerate(words) for _ in word.text]
    # Spaces are no sound: left out, with the way back to the text.
    kept = [i for i, character in enumerate(text) if not character.isspace()]
    said = "".join(text[i].lower() for i in kept)
    if len(said) != len(kept) or len(heard) != len(word_of):
        return [None] * len(spans)  # lower case of another length: no alphabet that is spoken here
    right: dict[int, int] = {}  # character of the text -> word that heard it right
    wrong: dict[int, int] = {}
    for step in Levenshtein.opcodes(said, heard):
        if step.tag in ("equal", "replace"):
            into = right if step.tag == "equal" else wrong
            for i, j in zip(
                range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
            ):
                into[kept[i]] = word_of[j]
    tagged = {i for span in spans for i in range(span.start, span.end)}
    rest = [i for i in kept if i not in tagged]
    if sum(i in right for i in rest) < LEAST_HEARD * len(rest):
        return [None] * len(spans)
    return [_time(span, right, right | wrong, words, duration_ms) for span in spans]


def _time(
    span: PhiSpan, right: dict[int, int], heard: dict[int, int], words: Sequence[Word], duration_ms: int
) -> Span | None:
    inside = [heard[i] for i in range(span.start, span.end) if i in heard]
    if not inside:
        return None
    before = max((right[i] for i in right if i < span.start), default=None)
    after = min((right[i] for i in right if i >= span.end), default=None)
    start_ms = words[before].end_ms if before is not None else 0
    end_ms = words[after].start_ms if after is not None else duration_ms
    start_ms = min(start_ms, words[min(inside)].start_ms) - PADDING_MS
    end_ms = max(end_ms, words[max(inside)].end_ms) + PADDING_MS
    return Span(max(0, start_ms), min(duration_ms, end_ms))
