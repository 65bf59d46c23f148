"""CER on sentences and voices that training never met: general and demo-clinical, both window modes."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from transformers import WhisperForConditionalGeneration, WhisperTokenizer

from speech.acoustics import Channel, apply
from speech.backends.espeak import EspeakSynthesizer
from speech.grammar import DEMO_LEXICON, PRETRAIN_LEXICON, clinical_sentence, held_out_sentence
from speech.metrics import cer, total
from speech.voices import HELD_OUT_VARIANTS, draw_voice
from training.pretrain.decode import transcribe

SETS: dict[str, Callable[[random.Random], str]] = {
    "general": held_out_sentence,
    "clinical": lambda rng: held_out_sentence(rng, lambda r: clinical_sentence(r, PRETRAIN_LEXICON)),
    "demo_clinical": lambda rng: clinical_sentence(rng, DEMO_LEXICON),
}


@dataclass(frozen=True, slots=True)
class TestSet:
    """Sentences and their speech by held-out voices, lightly noised (20 to 40 dB)."""

    texts: list[str]
    waveforms: list[np.ndarray]


def make_test_set(name: str, count: int, seed: int = 20_26) -> TestSet:
    """The same set for the same name, count and seed."""
    rng = random.Random(f"{name}/{seed}")
    espeak, texts, waveforms = EspeakSynthesizer(), [], []
    for _ in range(count):
        text = SETS[name](rng)
        speech = espeak.synthesize(text, draw_voice(rng, HELD_OUT_VARIANTS, (150, 220), (30, 70)))
        quiet = Channel(noise="pink", snr_db=rng.uniform(20.0, 40.0), gain_db=rng.uniform(-6.0, 0.0))
        samples = np.pad(speech.samples, (rng.randint(0, 4000), rng.randint(0, 4000)))
        texts.append(text)
        waveforms.append(apply(samples, quiet, np.random.default_rng(rng.randrange(1 << 32))))
    return TestSet(texts, waveforms)


def character_error_rate(references: list[str], hypotheses: list[str]) -> float:
    """Corpus CER on the product's normaliser."""
    return total(cer(*pair) for pair in zip(references, hypotheses, strict=True)).rate


def measure(
    model: WhisperForConditionalGeneration,
    tokenizer: WhisperTokenizer,
    count: int = 300,
    names: Iterable[str] = SETS,
) -> dict[str, float | int]:
    """Corpus CER per set (of those in `names`) and window mode."""
    model.eval()
    figures: dict[str, float | int] = {"sentences_per_set": count}
    for name in names:
        tests = make_test_set(name, count)
        for mode, full in (("own", False), ("30s", True)):
            hypotheses = transcribe(model, tokenizer, tests.waveforms, full_window=full)
            figures[f"cer_{name}_{mode}"] = round(character_error_rate(tests.texts, hypotheses), 4)
    return figures
