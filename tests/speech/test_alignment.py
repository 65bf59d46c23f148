"""The path through attention: known blocks give known frames."""

from itertools import combinations

import numpy as np
import pytest

from speech.alignment import monotone_starts, token_frames, trimmed_to_sound
from tests.speech.tones import make_noise


def make_attention(starts: list[int], frames: int, heads: int = 2, blur: float = 0.05) -> np.ndarray:
    """Every token attends to its own stretch, plus some noise: (heads, tokens, frames)."""
    rng = np.random.default_rng(0)
    ends = [*starts[1:], frames]
    attention = blur * rng.random((heads, len(starts), frames))
    for token, (start, end) in enumerate(zip(starts, ends, strict=True)):
        attention[:, token, start:end] += 1 / (end - start)
    return attention / attention.sum(-1, keepdims=True)


@pytest.mark.parametrize("starts", [[0], [0, 20], [0, 10, 35, 60, 61 + 19], [0, 8, 16, 24, 32]])
def test_blocks_are_found(starts: list[int]):
    found = token_frames(make_attention(starts, 100))
    assert np.abs(found - np.array(starts)).max() <= 1


def test_the_best_path_is_taken():
    """Against trying every path."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores = rng.normal(size=(3, 8))
        best = max(
            combinations(range(1, 8), 2),
            key=lambda cuts: (
                scores[0, : cuts[0]].sum() + scores[1, cuts[0] : cuts[1]].sum() + scores[2, cuts[1] :].sum()
            ),
        )
        assert monotone_starts(scores).tolist() == [0, *best]


def test_more_tokens_than_frames_share_them():
    starts = monotone_starts(np.random.default_rng(0).normal(size=(10, 4)))
    assert (np.diff(starts) >= 0).all()
    assert starts.max() < 4


def test_nothing_to_align():
    assert monotone_starts(np.zeros((0, 5))).tolist() == []
    assert monotone_starts(np.zeros((2, 0))).tolist() == [0, 0]
    with pytest.raises(ValueError, match="heads"):
        token_frames(np.zeros((2, 3)))


def make_spoken(pauses: list[tuple[int, int]], noise: float) -> np.ndarray:
    """Three seconds of sound with pauses (ms) in it, over noise."""
    samples = make_noise(3.0, 0.1)
    for start_ms, end_ms in pauses:
        samples[start_ms * 16 : end_ms * 16] = 0
    return samples + make_noise(3.0, noise, seed=1)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 1e-2])
def test_pauses_are_taken_off_the_words(noise: float):
    samples = make_spoken([(0, 500), (1200, 1800), (2700, 3000)], noise)
    words = [(0, 900), (900, 1500), (1500, 2000), (2000, 3000)]
    assert trimmed_to_sound(words, samples) == [(500, 900), (900, 1200), (1800, 2000), (2000, 2700)]


def test_without_clear_pauses_times_stay():
    words = [(0, 900), (900, 3000)]
    assert trimmed_to_sound(words, make_noise(3.0, 0.1)) == words
    assert trimmed_to_sound(words, make_spoken([(1000, 1200)], 0.05)) == words
    assert trimmed_to_sound(words, np.zeros(0, np.float32)) == words
    assert trimmed_to_sound([(600, 800)], make_spoken([(500, 1000)], 1e-4)) == [(600, 800)]
