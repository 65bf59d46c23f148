"""The bundled model in the recogniser: it hears its voices and knows when; real people do not break it."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

from speech.audio import decode
from speech.backends.espeak import EspeakSynthesizer
from speech.confidence import expected_errors
from speech.grammar import held_out_sentence
from speech.metrics import cer, total
from speech.recognizer import DecodeOptions, Recognizer, load
from speech.segment import utterances
from speech.synthesizer import Voice
from speech.types import Word
from speech.vad import speech_spans
from speech.voices import HELD_OUT_VARIANTS, espeak_name

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "auscult-base"
DATA = Path(os.environ.get("AUSCULT_SHARED_DATA", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not (MODEL / "model.safetensors").is_file(), reason=f"needs the bundled model in {MODEL}"
)

SENTENCES = 24


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return load(str(MODEL), "transformers")


def say_all() -> tuple[list[str], list[np.ndarray], list[tuple[Word, ...]]]:
    """Sentences and voices that the model never heard, with the true times of the words."""
    synthesizer, rng = EspeakSynthesizer(), random.Random(5)
    voices = [Voice(espeak_name(name), 170, 50) for name in HELD_OUT_VARIANTS]
    texts = [held_out_sentence(rng) for _ in range(SENTENCES)]
    spoken = [synthesizer.synthesize(text, voices[i % len(voices)]) for i, text in enumerate(texts)]
    return texts, [one.samples for one in spoken], [one.words for one in spoken]


@pytest.mark.parametrize("window", ["padded", "speech"])
def test_it_hears_its_voices_in_both_windows(recognizer: Recognizer, window: str):
    texts, sounds, _ = say_all()
    heard = recognizer.transcribe(sounds, DecodeOptions(window=window, word_times=False))
    assert total(cer(text, one.text) for text, one in zip(texts, heard, strict=True)).rate < 0.25


def test_it_knows_when_each_word_was_said(recognizer: Recognizer):
    """Against espeak's own times, over the words that were heard right."""
    _, sounds, spoken = say_all()
    errors_ms = []
    for hypothesis, words in zip(recognizer.transcribe(sounds), spoken, strict=True):
        if [word.text for word in hypothesis.words] == [word.text for word in words]:
            errors_ms += [abs(a.start_ms - b.start_ms) for a, b in zip(hypothesis.words, words, strict=True)]
    assert len(errors_ms) > 40, "many sentences are heard right"
    assert np.median(errors_ms) < 100
    assert np.percentile(errors_ms, 90) < 250


def test_it_doubts_what_it_hears_wrong(recognizer: Recognizer):
    """Speech in noise louder than itself: more errors are expected of it than of clean speech."""
    _, sounds, _ = say_all()
    rng = np.random.default_rng(0)
    noisy = [
        (0.3 * samples + 0.3 * rng.standard_normal(len(samples)) * samples.std()).astype(np.float32)
        for samples in sounds
    ]
    clean_errors = sum(map(expected_errors, recognizer.transcribe(sounds)))
    noisy_errors = sum(map(expected_errors, recognizer.transcribe(noisy)))
    assert noisy_errors > 1.4 * clean_errors


@pytest.mark.skipif(not (DATA / "speech").is_dir(), reason=f"needs the real recordings in {DATA}/speech")
def test_real_people_are_decoded_without_an_error(recognizer: Recognizer):
    pieces = []
    for path in sorted((DATA / "speech" / "clips").iterdir()):
        samples, _ = decode(path)
        spans = utterances(samples, speech_spans(samples))
        pieces += [samples[span.start_ms * 16 : span.end_ms * 16] for span in spans]
    heard = recognizer.transcribe(pieces)
    assert len(heard) == len(pieces) > 5
    for samples, hypothesis in zip(pieces, heard, strict=True):
        assert np.isfinite(hypothesis.avg_logprob)
        assert all(0 <= word.start_ms <= word.end_ms <= len(samples) // 16 for word in hypothesis.words)
