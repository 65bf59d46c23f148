"""SpecAugment (Park et al. 2019): bands and stretches of the features set to the mean. Seeded, pure numpy."""

import numpy as np

from training.pipeline.config.augmentation import AugmentationKnobs


def mask(frames: np.ndarray, knobs: AugmentationKnobs, rng: np.random.Generator) -> np.ndarray:
    """(frames, mels) with bands of frequency and stretches of time set to the mean. Changes its argument."""
    mean = frames.mean()
    for _ in range(knobs.frequency_masks):
        width = int(rng.integers(knobs.frequency_mask_bins + 1))
        start = int(rng.integers(max(1, frames.shape[1] - width)))
        frames[:, start : start + width] = mean
    for _ in range(knobs.time_masks):
        # Never more than a fifth of a short utterance.
        width = int(rng.integers(min(knobs.time_mask_frames, len(frames) // 5) + 1))
        start = int(rng.integers(max(1, len(frames) - width)))
        frames[start : start + width] = mean
    return frames
