"""Where a draft is cut in two, and how two become one: carets, times, texts, hypotheses.

What a person typed differs from what was heard, so a caret is carried over into the heard text first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

from rapidfuzz.distance import Levenshtein

from speech.confidence import compression_ratio
from speech.types import Hypothesis, Span, Token, Word

NEAR_PAUSE_MS = 400  # a cut this close to a pause goes into it


@dataclass(frozen=True, slots=True)
class Cut:
    """One place: in the person's text, in the heard text and in the sound."""

    caret: int
    heard_at: int
    at_ms: int


def cut_at_caret(
    text: str, caret: int, heard: Hypothesis, duration_ms: int, speech: Sequence[Span] = ()
) -> Cut:
    """The words before the caret go left; the time is the middle between two words, or a pause close by."""
    words = located(heard)
    wanted = _carried(text, heard.text, caret)
    before = sum(1 for _, start, end in words if (start + end) / 2 < wanted)
    if not words:
        at_ms = round(duration_ms * caret / max(1, len(text)))
        return Cut(caret, wanted, _in_pause(at_ms, speech))
    left_ms = words[before - 1][0].end_ms if before else 0
    right_ms = words[before][0].start_ms if before < len(words) else duration_ms
    return Cut(caret, _boundary(words, before, heard.text), _in_pause((left_ms + right_ms) // 2, speech))


def cut_at_time(text: str, at_ms: int, heard: Hypothesis) -> Cut:
    """Each word goes to the side where its middle sounds."""
    words = located(heard)
    before = sum(1 for word, _, _ in words if (word.start_ms + word.end_ms) / 2 < at_ms)
    heard_at = _boundary(words, before, heard.text) if words else 0
    return Cut(_carried(heard.text, text, heard_at), heard_at, at_ms)


def part_text(text: str, at: int) -> tuple[str, str]:
    """Nothing is lost: the two join to `text`. A space at the cut stays with the left side."""
    while at < len(text) and text[at].isspace():
        at += 1
    return text[:at], text[at:]


def join_text(left: str, right: str, were_one: bool) -> str:
    """As they were before they were parted; else with a space where two words would grow together."""
    grows = left[-1:].isascii() and right[:1].isascii() and left[-1:].isalnum() and right[:1].isalnum()
    return left + (" " if grows and not were_one else "") + right


def part_heard(heard: Hypothesis, cut: Cut) -> tuple[Hypothesis, Hypothesis]:
    """Text, words and tokens each to their side; times of the right side count from the cut."""
    left_text, right_text = part_text(heard.text, cut.heard_at)
    places = located(heard)
    left = [word for word, start, _ in places if start < cut.heard_at]
    right = [_moved(word, -cut.at_ms) for word, start, _ in places if start >= cut.heard_at]
    before, after = _part_tokens(heard, cut.heard_at)
    return _remade(heard, left_text, left, before), _remade(heard, right_text, right, after)


def join_heard(left: Hypothesis, right: Hypothesis, gap_ms: int, were_one: bool) -> Hypothesis:
    """`gap_ms` from the start of the left one to the start of the right one."""
    words = [*left.words, *(_moved(word, gap_ms) for word in right.words)]
    joined = _remade(left, join_text(left.text, right.text, were_one), words, [*left.tokens, *right.tokens])
    return replace(joined, no_speech_prob=max(left.no_speech_prob, right.no_speech_prob))


def part_spans(spans: Sequence[Span], at_ms: int) -> tuple[list[Span], list[Span]]:
    """Stretches before and after; one across the cut is cut, too."""
    left = [Span(s.start_ms, min(s.end_ms, at_ms)) for s in spans if s.start_ms < at_ms]
    right = [Span(max(0, s.start_ms - at_ms), s.end_ms - at_ms) for s in spans if s.end_ms > at_ms]
    return left, right


def located(heard: Hypothesis) -> list[tuple[Word, int, int]]:
    """Each word with its first and last character in the heard text; a word that is not in it is left out."""
    found, at = [], 0
    for word in heard.words:
        start = heard.text.find(word.text, at)
        if start >= 0:
            at = start + len(word.text)
            found.append((word, start, at))
    return found


def _boundary(words: Sequence[tuple[Word, int, int]], before: int, text: str) -> int:
    """The character at which the word number `before` starts."""
    return words[before][1] if before < len(words) else len(text)


def _carried(source: str, target: str, at: int) -> int:
    """Position `at` of `source` in `target`: exact where both agree, in proportion where they do not."""
    for step in Levenshtein.opcodes(source, target):
        if step.src_start <= at <= step.src_end and step.src_end > step.src_start:
            share = (at - step.src_start) / (step.src_end - step.src_start)
            return step.dest_start + round(share * (step.dest_end - step.dest_start))
    return 0 if at == 0 else len(target)


def _in_pause(at_ms: int, speech: Sequence[Span]) -> int:
    """The middle of the pause that `at_ms` lies in or close to; else `at_ms` itself."""
    pauses = [
        Span(before.end_ms, after.start_ms)
        for before, after in pairwise(speech)
        if before.end_ms - NEAR_PAUSE_MS <= at_ms <= after.start_ms + NEAR_PAUSE_MS
    ]
    middles = [(pause.start_ms + pause.end_ms) // 2 for pause in pauses]
    return min(middles, key=lambda middle: abs(middle - at_ms), default=at_ms)


def _part_tokens(heard: Hypothesis, at: int) -> tuple[list[Token], list[Token]]:
    """Tokens carry the spaces that the stripped text has lost: counted without any."""
    spoken = _without_spaces(heard.text[:at])
    left: list[Token] = []
    right: list[Token] = []
    seen = 0
    for token in heard.tokens:
        (left if seen < spoken else right).append(token)
        seen += _without_spaces(token.text)
    return left, right


def _without_spaces(text: str) -> int:
    return sum(not character.isspace() for character in text)


def _moved(word: Word, by_ms: int) -> Word:
    return Word(word.text, max(0, word.start_ms + by_ms), max(0, word.end_ms + by_ms), word.probability)


def _remade(heard: Hypothesis, text: str, words: Sequence[Word], tokens: Sequence[Token]) -> Hypothesis:
    return replace(
        heard,
        text=text,
        words=tuple(words),
        tokens=tuple(tokens),
        avg_logprob=fmean(token.logprob for token in tokens) if tokens else heard.avg_logprob,
        compression_ratio=compression_ratio(text),
    )
