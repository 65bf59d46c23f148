"""Utterances: within their lengths, apart, with all speech in them, cut where it is quiet."""

from itertools import pairwise

import numpy as np
import pytest

from speech.segment import SegmentOptions, cut_at_pauses, cut_at_quiet_points, utterances
from speech.types import Span
from tests.speech.tones import make_noise

OPTIONS = SegmentOptions()


def make_silence(seconds: float) -> np.ndarray:
    return make_noise(seconds, 1e-4)


def bounds(spans: list[Span]) -> list[tuple[int, int]]:
    return [(span.start_ms, span.end_ms) for span in spans]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(3000, 6000)], [(2900, 6100)]),
        ([(3000, 6000), (6300, 8000)], [(2900, 8100)]),  # near, short: one
        ([(3000, 6000), (7000, 9000)], [(2900, 6100), (6900, 9100)]),  # apart
        ([(3000, 9000), (9300, 12000)], [(2900, 9100), (9200, 12100)]),  # near, but long enough
        ([(3000, 9000), (9300, 9500)], [(2900, 9600)]),  # a scrap goes to its neighbour
        ([(3000, 3300)], [(2650, 3650)]),  # alone: takes in the silence around it
        ([(0, 300)], [(0, 1000)]),
        ([(29800, 30000)], [(29000, 30000)]),
    ],
)
def test_spans_become_utterances(spans: list, expected: list):
    found = utterances(make_silence(30), [Span(*span) for span in spans])
    assert bounds(found) == expected


def test_a_recording_shorter_than_the_minimum_is_one_utterance():
    assert bounds(utterances(make_silence(0.5), [Span(100, 400)])) == [(0, 500)]


def test_long_speech_is_cut_where_it_is_quiet():
    samples = make_noise(30, 0.1)
    samples[16 * 14_000 : 16 * 14_300] *= 0.01
    found = utterances(samples, [Span(0, 30_000)])
    assert len(found) == 2
    assert 14_050 <= found[0].end_ms <= 14_250
    assert found[0].end_ms == found[1].start_ms, "nothing is lost at a cut"


def make_spans(rng: np.random.Generator, duration_ms: int) -> list[Span]:
    spans, at_ms = [], int(rng.integers(0, 3000))
    while True:
        end_ms = at_ms + int(rng.exponential(rng.choice([500, 3000, 20_000]))) + 32
        if end_ms > duration_ms:
            return spans
        spans.append(Span(at_ms, end_ms))
        at_ms = end_ms + int(rng.exponential(rng.choice([100, 400, 3000]))) + 1


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_speech_the_rules_hold(seed: int):
    rng = np.random.default_rng(seed)
    duration_ms = int(rng.integers(5_000, 180_000))
    samples = make_noise(duration_ms / 1000, 0.05, seed)
    spans = make_spans(rng, duration_ms)
    found = utterances(samples, spans)
    assert all(span.duration_ms <= OPTIONS.max_ms for span in found)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    assert not found or found[-1].end_ms <= duration_ms
    covered = np.zeros(duration_ms, bool)
    for span in found:
        covered[span.start_ms : span.end_ms] = True
    assert all(covered[span.start_ms : span.end_ms].all() for span in spans)
    for i, span in enumerate(found):
        if span.duration_ms < OPTIONS.min_ms:
            before = found[i - 1].end_ms if i else 0
            after = found[i + 1].start_ms if i + 1 < len(found) else duration_ms
            assert (before, after) == (span.start_ms, span.end_ms), "short only where no silence is left"


def test_cutting_all_of_it_leaves_nothing_out():
    samples = make_noise(25.0005, 0.1)
    pieces = cut_at_quiet_points(samples, 10_000)
    assert pieces[0].start_ms == 0
    assert pieces[-1].end_ms == 25_000
    assert all(a.end_ms == b.start_ms for a, b in pairwise(pieces))
    assert all(1000 <= piece.duration_ms <= 10_000 for piece in pieces)
    assert bounds(cut_at_quiet_points(samples, 30_000)) == [(0, 25_000)]


def test_impossible_options_are_refused():
    with pytest.raises(ValueError, match="min_ms"):
        SegmentOptions(min_ms=5000, max_ms=6000)


def test_what_is_dictated_is_cut_in_its_pauses():
    """Sentences of 3 s with pauses of 0.8 s, noise under all of it."""
    sentence, pause = make_noise(3.0, 0.1, 1), np.zeros(12_800, np.float32)
    samples = np.concatenate([sentence, pause, sentence, pause, sentence]) + make_noise(10.6, 0.001, 2)
    spans = cut_at_pauses(samples, 10_000)
    assert [round(span.start_ms, -2) for span in spans] == [0, 3_400, 7_200]
    assert spans[-1].end_ms == 10_600
    assert all(a.end_ms == b.start_ms for a, b in pairwise(spans))


def test_speech_without_pauses_is_cut_where_it_must_be():
    spans = cut_at_pauses(make_noise(25.0, 0.1), 10_000)
    assert max(span.duration_ms for span in spans) <= 10_000
    assert (spans[0].start_ms, spans[-1].end_ms) == (0, 25_000)
    assert cut_at_pauses(make_noise(2.0, 0.1), 10_000)[0].duration_ms == 2_000
