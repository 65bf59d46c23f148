"""Utterances -> running text: marks where the speaker paused, a new paragraph after a long pause.

For recognisers that write no punctuation: a pause becomes a mark only beside Chinese, and an utterance that
has a mark of its own is left alone. What was heard is stored as it was heard; this is how it is shown. The
live page does the same in static/inference/js/flow.js; tests/inference/texts/flow_cases.json holds them
together.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from speech.joining import separator

# An utterance carries about half a second of its pauses itself (pre-roll and tail): these come on top.
SENTENCE_GAP_MS = 700
PARAGRAPH_GAP_MS = 2_000
CUT_FROM_MS = 12_000  # an utterance this long that the next one touches was cut in the middle of speech

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
MARK = re.compile(r"[，。！？；：、…]|[,.!?;:](?!\S)")


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance as it counts now: what was heard, or what the speaker put right."""

    index: int
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    said: Said
    joint: str  # what stands behind it: a mark, a space or nothing
    ends_paragraph: bool


def flow(utterances: Sequence[Said], marks: bool = True) -> Iterator[Piece]:
    """Utterances without text are passed over."""
    spoken = [one for one in utterances if one.text.strip()]
    for one, following in pairwise([*spoken, None]):
        assert one is not None
        yield Piece(one, _joint(one, following, marks), following is None or _parts(one, following))


def running_text(utterances: Sequence[Said], marks: bool = True) -> str:
    """Paragraphs with an empty line between them."""
    paragraphs = [""]
    for piece in flow(utterances, marks):
        paragraphs[-1] += piece.said.text.strip() + piece.joint
        if piece.ends_paragraph:
            paragraphs.append("")
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph)


def _parts(one: Said, following: Said) -> bool:
    return following.start_ms - one.end_ms >= PARAGRAPH_GAP_MS


def _joint(one: Said, following: Said | None, marks: bool) -> str:
    mark = _mark(one, following) if marks else ""
    if mark or following is None or _parts(one, following):
        return mark
    return separator(one.text.strip(), following.text.strip())


def _mark(one: Said, following: Said | None) -> str:
    if MARK.search(one.text) or not (HAN.search(one.text) or (following and HAN.search(following.text))):
        return ""
    if following is None:
        return "。"
    gap_ms = following.start_ms - one.end_ms
    if gap_ms <= 0 and one.end_ms - one.start_ms >= CUT_FROM_MS:
        return ""
    return "，" if gap_ms < SENTENCE_GAP_MS else "。"
