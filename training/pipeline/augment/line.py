"""What a telephone leaves of a voice: its band, its 8 kHz, its codec."""

import numpy as np

from speech.acoustics import TELEPHONE_BAND_HZ, band_pass
from speech.codecs import LINE_CODECS, LineCodec, through_line
from training.pipeline.augment.recipe import Recipe


def telephone(samples: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    return telephoned(samples, LINE_CODECS[rng.integers(len(LINE_CODECS))])


def telephoned(samples: np.ndarray, codec: LineCodec) -> np.ndarray:
    """300 to 3,400 Hz through the codec: (n,) -> (n,). Silence and single samples pass as they are."""
    if len(samples) < 2:
        return samples
    return through_line(np.clip(band_pass(samples, *TELEPHONE_BAND_HZ), -1.0, 1.0), codec)
