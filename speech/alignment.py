"""Attention over time -> when each token was said. Pure array work; knows nothing of models.

The method of openai/whisper's timing.py (normalise over tokens, median over time, best monotone path),
with a path that gives every token at least one frame, so it is one vector operation per frame.
"""

import numpy as np

MEDIAN_FRAMES = 7
EPSILON = 1e-6
TRIM_FRAME_MS = 10
CLEAR_PAUSE_DB = 15.0


def token_frames(attention: np.ndarray) -> np.ndarray:
    """Attention (heads, tokens, frames), the last token being the end of text -> the frame at which each
    begins: (tokens,) ints, rising, the first 0."""
    if attention.ndim != 3:
        raise ValueError(f"attention must be (heads, tokens, frames), got {attention.shape}")
    return monotone_starts(alignment_scores(attention))


def alignment_scores(attention: np.ndarray) -> np.ndarray:
    """(heads, tokens, frames) -> (tokens, frames): how much each frame belongs to each token."""
    spread = attention.std(axis=1, keepdims=True)
    normalised = (attention - attention.mean(axis=1, keepdims=True)) / (spread + EPSILON)
    return _median_over_time(normalised).mean(axis=0)


def monotone_starts(scores: np.ndarray) -> np.ndarray:
    """The monotone path of highest score through (tokens, frames) -> first frame of each token.

    With more tokens than frames, frames are shared.
    """
    token_count, frame_count = scores.shape
    if token_count == 0 or frame_count == 0:
        return np.zeros(token_count, int)
    repeats = -(-token_count // frame_count)
    scores = np.repeat(scores, repeats, axis=1)
    best = np.full(token_count, -np.inf)
    best[0] = scores[0, 0]
    advanced = np.zeros(scores.shape[::-1], bool)  # (frames, tokens): came from the token before
    for frame in range(1, scores.shape[1]):
        from_before = np.concatenate([[-np.inf], best[:-1]])
        advanced[frame] = from_before > best
        best = np.where(advanced[frame], from_before, best) + scores[:, frame]
    starts = np.zeros(token_count, int)
    token = token_count - 1
    for frame in range(scores.shape[1] - 1, 0, -1):
        if advanced[frame, token]:
            starts[token] = frame
            token -= 1
    return starts // repeats


def _median_over_time(values: np.ndarray) -> np.ndarray:
    reach = MEDIAN_FRAMES // 2
    if values.shape[-1] <= reach:
        return values
    mirrored = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(mirrored, MEDIAN_FRAMES, axis=-1), axis=-1)


def trimmed_to_sound(
    times_ms: list[tuple[int, int]], samples: np.ndarray, sample_rate_hz: int = 16_000
) -> list[tuple[int, int]]:
    """Stretches (start, end) in ms, each shrunk to where it sounds in the utterance (samples,).

    Attention gives every moment to some token, so that the first one starts at 0 and pauses hang on words.
    What does not sound at all within a stretch, or an utterance without clear pauses, stays as it is.
    """
    frame = sample_rate_hz * TRIM_FRAME_MS // 1000
    count = len(samples) // frame
    if count == 0:
        return times_ms
    frames = samples[: count * frame].reshape(count, frame)
    level_db = 10 * np.log10(np.einsum("fs,fs->f", frames, frames) / frame + 1e-10)
    quiet_db, loud_db = np.percentile(level_db, [5, 95])
    if loud_db - quiet_db < CLEAR_PAUSE_DB:
        return times_ms
    sounds = level_db > max(quiet_db + 6.0, loud_db - 35.0)
    trimmed = []
    for start_ms, end_ms in times_ms:
        first = start_ms // TRIM_FRAME_MS
        sounding = np.flatnonzero(sounds[first : -(-end_ms // TRIM_FRAME_MS)])
        if len(sounding):
            start_ms, end_ms = (
                max(start_ms, int(first + sounding[0]) * TRIM_FRAME_MS),
                min(end_ms, int(first + sounding[-1] + 1) * TRIM_FRAME_MS),
            )
        trimmed.append((start_ms, end_ms))
    return trimmed
