"""What lies under the waveform: speech that the draft has no words for, and words where nobody speaks."""

from typing import TypedDict

from annotation.models import Segment
from annotation.texts.cuts import join_text
from speech.coverage import uncovered
from speech.types import Span


class Unspoken(TypedDict):
    """Words that were written where the voice detector hears nobody."""

    start_ms: int
    end_ms: int
    text: str


class Strips(TypedDict):
    """`unwritten` are [start_ms, end_ms]; None where the words' times are not known."""

    unwritten: list[list[int]]
    unspoken: list[Unspoken]


def strips_of(segment: Segment) -> Strips | None:
    """None while it is not known where speech is, or when the words. Reads stored values only."""
    heard = segment.hypothesis
    if segment.speech_spans is None or heard is None or (heard.text.strip() and not heard.words):
        return None
    speech = [Span(*one) for one in segment.speech_spans]
    # Attention can place a word beyond the end of the sound, or give it no time at all.
    words = [
        (word["text"], Span(word["start_ms"], max(word["start_ms"], word["end_ms"]))) for word in heard.words
    ]
    spans = [span for _, span in words]
    alone = uncovered(_together(spans), speech)
    return {
        "unwritten": [[one.start_ms, one.end_ms] for one in uncovered(speech, spans)],
        "unspoken": [
            {"start_ms": one.start_ms, "end_ms": one.end_ms, "text": _said_in(one, words)} for one in alone
        ],
    }


def _together(spans: list[Span]) -> list[Span]:
    """Words that touch as one stretch, so that three short ones in silence are found too."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start_ms - joined[-1].end_ms < 100:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        elif span.duration_ms:
            joined.append(span)
    return joined


def _said_in(stretch: Span, words: list[tuple[str, Span]]) -> str:
    said = ""
    for text, span in words:
        if span.start_ms < stretch.end_ms and span.end_ms > stretch.start_ms:
            said = join_text(said, text, were_one=False)
    return said
