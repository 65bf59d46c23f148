"""What is heard where nobody speaks: nothing, or text that carries a sign of being invented."""

import numpy as np
import pytest

from speech.audio import decode
from speech.confidence import hallucination_flags
from speech.recognizer import DecodeOptions, Recognizer, load
from speech.vad import speech_spans
from tests.speech.test_bundled_model import DATA, MODEL
from tests.speech.tones import make_noise

NOISE = DATA / "acoustic" / "noise"
pytestmark = pytest.mark.skipif(
    not (MODEL / "model.safetensors").is_file(), reason=f"needs the bundled model in {MODEL}"
)


@pytest.fixture(scope="module", params=["ctranslate2", "transformers"])
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return load(str(MODEL), request.param, device="cpu")


def test_silence_gives_no_text(recognizer: Recognizer):
    sounds = [np.zeros(48_000, np.float32), make_noise(3.0, 0.001), np.zeros(0, np.float32)]
    heard = recognizer.transcribe(sounds, DecodeOptions(language="auto"))
    assert [one.text for one in heard] == ["", "", ""]
    assert all(one.no_speech_prob > 0.9 for one in heard[:2])


@pytest.mark.skipif(not NOISE.is_dir(), reason=f"needs the recordings in {NOISE}")
def test_clocks_rain_and_crying_are_not_taken_for_words(recognizer: Recognizer):
    """A sneeze can pass for speech with the VAD too; one in twenty is let through."""
    sounds = [decode(path)[0][: 16_000 * 5] for path in sorted(NOISE.iterdir())]
    invented = []
    for samples, hypothesis in zip(sounds, recognizer.transcribe(sounds), strict=True):
        speech_ms = sum(span.duration_ms for span in speech_spans(samples))
        is_flagged = hallucination_flags(hypothesis, len(samples) // 16, speech_ms)
        if hypothesis.text and not is_flagged:
            invented.append(hypothesis.text)
    assert len(sounds) > 30
    assert len(invented) <= len(sounds) / 20, invented
