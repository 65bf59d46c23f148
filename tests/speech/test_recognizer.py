"""The seam: what a reference names, what the fake hears, what importing costs."""

import subprocess
import sys

import numpy as np
import pytest

from speech.recognizer import DecodeOptions, load, per_row
from tests.speech.tones import make_noise

LIGHT = (
    *("types", "recognizer", "synthesizer", "audio", "loudness", "quality", "vad", "segment", "text"),
    *("metrics", "confidence", "phrases", "lexicon", "manifest", "alignment", "backends.fake"),
)


def test_the_fake_hears_its_text():
    recognizer = load("fake:病人服用 Metformin")
    heard = recognizer.transcribe([make_noise(2.0), make_noise(1.0)], DecodeOptions(language="zh"))
    assert [h.text for h in heard] == ["病人服用 Metformin"] * 2
    assert [word.text for word in heard[0].words] == ["病", "人", "服", "用", "metformin"]
    assert heard[0].words[-1].end_ms == 2000
    assert recognizer.ref == "fake:病人服用 Metformin"


def test_the_fake_can_hear_nothing():
    (heard,) = load("fake:").transcribe([np.zeros(16_000, np.float32)])
    assert (heard.text, heard.words, heard.tokens) == ("", (), ())


def test_options_are_stored_as_plain_values():
    assert DecodeOptions().as_dict() == {
        "language": "zh",
        "max_new_tokens": 200,
        "window": "auto",
        "word_times": True,
        "prompt_terms": (),
        "prompt": "",
    }


def test_speech_without_a_model_needs_neither_torch_nor_django():
    """The web process imports all of these."""
    code = (
        f"import sys, importlib\nfor name in {LIGHT!r}: importlib.import_module('speech.' + name)\n"
        "import speech.vad, numpy\nspeech.vad.speech_spans(numpy.zeros(16000, numpy.float32))\n"
        "print([m for m in ('torch', 'transformers', 'django', 'silero_vad') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_options_are_for_all_rows_or_one_for_each():
    options = [DecodeOptions(language="zh"), DecodeOptions(language="en")]
    heard = load("fake:a").transcribe([make_noise(1.0)] * 2, options)
    assert [one.language for one in heard] == ["zh", "en"]
    assert per_row(options[0], 2) == [options[0]] * 2
    with pytest.raises(ValueError, match="2 options for 3"):
        per_row(options, 3)
