"""Speech spans -> utterances of 1 to 20 s, the unit that is drafted, corrected and trained on.

Pure array work. Nothing spoken is lost: every span lies inside an utterance, and utterances do not overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from speech.types import Span
from speech.vad import padded_spans

SAMPLES_PER_MS = 16
ENERGY_FRAME_MS = 10
QUIET_MS = 120  # a cut wants quiet on both sides, not one low sample
PAUSE_MS = 300  # between sentences; within one, people and stops are quiet for less
PAUSE_SHARE = 0.25  # of the way from the quietest to the loudest, on a logarithmic scale
CLEAR_DECADES = 1.5  # of energy between the two; with less, noise hides the pauses


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """`target_ms`: neighbours closer than `merge_gap_ms` are joined up to this length, for context.

    An utterance shorter than `min_ms` takes in silence around it, as far as there is any.
    """

    min_ms: int = 1_000
    max_ms: int = 20_000
    pad_ms: int = 100
    merge_gap_ms: int = 600
    target_ms: int = 8_000

    def __post_init__(self) -> None:
        if not 0 < 2 * self.min_ms <= self.max_ms:
            raise ValueError(
                f"min_ms {self.min_ms} must be positive and at most half of max_ms {self.max_ms}"
            )


DEFAULT_OPTIONS = SegmentOptions()


def utterances(
    samples: np.ndarray, spans: Sequence[Span], options: SegmentOptions = DEFAULT_OPTIONS
) -> list[Span]:
    """Spans of speech (in order, apart) in (samples,) -> utterances in order, none over `max_ms`."""
    duration_ms = len(samples) // SAMPLES_PER_MS
    joined = _join_neighbours([span for span in spans if span.duration_ms > 0], options)
    loudness = _loudness(samples)
    pieces = [piece for span in joined for piece in _cut_long(span, loudness, options)]
    padded = padded_spans(pieces, options.pad_ms, duration_ms)
    within_limit = [
        new if new.duration_ms <= options.max_ms else old for new, old in zip(padded, pieces, strict=True)
    ]
    return _widen_short(within_limit, options.min_ms, duration_ms)


def cut_at_quiet_points(
    samples: np.ndarray, max_ms: int, options: SegmentOptions = DEFAULT_OPTIONS
) -> list[Span]:
    """All of (samples,) as spans of at most `max_ms` that meet where it is quiet; one span if it is short."""
    whole = Span(0, len(samples) // SAMPLES_PER_MS)
    if whole.duration_ms <= max_ms:
        return [whole]
    return _cut_long(whole, _loudness(samples), replace(options, max_ms=max_ms))


def cut_at_pauses(samples: np.ndarray, max_ms: int, options: SegmentOptions = DEFAULT_OPTIONS) -> list[Span]:
    """All of (samples,) as spans that meet in the middle of its pauses, none over `max_ms`, none a scrap."""
    whole = Span(0, len(samples) // SAMPLES_PER_MS)
    loudness = _loudness(samples)
    spans, start_ms = [], 0
    for pause in _pauses(loudness):
        middle_ms = (pause.start_ms + pause.end_ms) // 2
        if min(middle_ms - start_ms, whole.end_ms - middle_ms) >= options.min_ms:
            spans.append(Span(start_ms, middle_ms))
            start_ms = middle_ms
    limited = replace(options, max_ms=max_ms)
    return [
        piece
        for span in [*spans, Span(start_ms, whole.end_ms)]
        for piece in _cut_long(span, loudness, limited)
    ]


def _pauses(loudness: np.ndarray) -> list[Span]:
    """Stretches of at least PAUSE_MS in which nothing sounds."""
    if not len(loudness):
        return []
    quiet, loud = np.percentile(loudness, [5, 95])
    if loud - quiet < CLEAR_DECADES:
        return []
    silent = loudness < quiet + PAUSE_SHARE * (loud - quiet)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    spans = [
        Span(int(start) * ENERGY_FRAME_MS, int(end) * ENERGY_FRAME_MS) for start, end in edges.reshape(-1, 2)
    ]
    return [span for span in spans if span.duration_ms >= PAUSE_MS]


def _join_neighbours(spans: Sequence[Span], options: SegmentOptions) -> list[Span]:
    """Join across short gaps while the result stays near the target, and always when one side is a scrap."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start_ms - joined[-1].end_ms <= options.merge_gap_ms:
            last = joined[-1]
            is_scrap = min(last.duration_ms, span.duration_ms) < options.min_ms
            if span.end_ms - last.start_ms <= options.target_ms or is_scrap:
                joined[-1] = Span(last.start_ms, span.end_ms)
                continue
        joined.append(span)
    return joined


def _cut_long(span: Span, loudness: np.ndarray, options: SegmentOptions) -> list[Span]:
    """Cut what is over the limit at the quietest point of its second half, leaving no scrap behind."""
    pieces = []
    start_ms = span.start_ms
    while span.end_ms - start_ms > options.max_ms:
        earliest_ms = start_ms + options.max_ms // 2
        latest_ms = min(start_ms + options.max_ms, span.end_ms - options.min_ms)
        window = loudness[earliest_ms // ENERGY_FRAME_MS + 1 : latest_ms // ENERGY_FRAME_MS]
        offset = int(window.argmin()) if len(window) else 0
        cut_ms = (earliest_ms // ENERGY_FRAME_MS + 1 + offset) * ENERGY_FRAME_MS
        pieces.append(Span(start_ms, cut_ms))
        start_ms = cut_ms
    return [*pieces, Span(start_ms, span.end_ms)]


def _widen_short(spans: list[Span], min_ms: int, duration_ms: int) -> list[Span]:
    """Give each short utterance the silence around it, evenly where both sides have some."""
    widened: list[Span] = []
    for i, span in enumerate(spans):
        missing_ms = min_ms - span.duration_ms
        if missing_ms > 0:
            room_before = span.start_ms - (widened[-1].end_ms if widened else 0)
            room_after = (spans[i + 1].start_ms if i + 1 < len(spans) else duration_ms) - span.end_ms
            after = min(room_after, max(missing_ms // 2, missing_ms - room_before))
            before = min(room_before, missing_ms - after)
            span = Span(span.start_ms - before, span.end_ms + after)
        widened.append(span)
    return widened


def _loudness(samples: np.ndarray) -> np.ndarray:
    """Log energy around every 10 ms, smoothed over QUIET_MS: (frames,)."""
    frame = ENERGY_FRAME_MS * SAMPLES_PER_MS
    count = len(samples) // frame
    frames = samples[: count * frame].reshape(count, frame)
    energy = np.einsum("fs,fs->f", frames, frames) / frame  # without a squared copy of hours of sound
    width = QUIET_MS // ENERGY_FRAME_MS
    return np.log10(np.convolve(energy, np.full(width, 1 / width), "same") + 1e-10) if count else energy
