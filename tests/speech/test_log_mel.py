"""Our log-mel beside that of transformers: the same numbers."""

import numpy as np
import pytest
from transformers import WhisperFeatureExtractor

from speech.backends.log_mel import LogMel
from tests.speech.tones import make_noise, make_tone


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize(
    ("seconds", "window_s"), [(3.0, 3.2), (3.19, 3.2), (3.2, 3.2), (2.0, 30.0), (30.0, 30.0), (0.001, 1.0)]
)
def test_it_is_that_of_transformers(mels: int, seconds: float, window_s: float):
    samples = make_noise(seconds, 0.1) + make_tone(seconds)
    window = round(window_s * 16_000)
    filled = np.pad(samples, (0, window - len(samples)))
    theirs = WhisperFeatureExtractor(feature_size=mels)(
        [filled], sampling_rate=16_000, padding="longest", return_tensors="np"
    ).input_features
    assert np.allclose(LogMel(mels)([samples], window), theirs, atol=1e-4)


def test_a_row_does_not_depend_on_its_neighbours():
    quiet, loud = make_noise(1.0, 0.001), make_noise(2.0, 0.5)
    mel = LogMel(80)
    assert np.array_equal(mel([quiet, loud], 40_000)[0], mel([quiet], 40_000)[0])


def test_nothing_is_silence():
    features = LogMel(80)([np.zeros(0, np.float32)], 16_000)
    assert features.shape == (1, 80, 100) and np.ptp(features) < 1e-6
