"""Composes what is spoken: long recordings of several sentences, single utterances for the sets.

Pure: seeds in, samples and word times out.
"""

import random
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from speech.acoustics import Channel, apply
from speech.audio import SAMPLE_RATE_HZ
from speech.backends.espeak import EspeakSynthesizer
from speech.synthesizer import Voice
from speech.types import Word

PAUSE_MS = (600, 1300)
LEAD_MS = 400


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be spoken, by whom, through which channel. `name` is unique and seeds the noise."""

    name: str
    sentences: tuple[str, ...]
    voice: Voice
    channel: Channel
    site: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """A spoken scene: float32 mono 16 kHz (samples,), every word with its times in the take."""

    scene: Scene
    samples: np.ndarray
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(self.scene.sentences)


def speak(scene: Scene) -> Take:
    """Sentence after sentence with pauses, then the room. The same scene gives the same samples."""
    rng = random.Random(scene.name)
    engine = EspeakSynthesizer()
    parts = [_silence(LEAD_MS)]
    words: list[Word] = []
    at_ms = LEAD_MS
    for sentence in scene.sentences:
        speech = engine.synthesize(sentence, scene.voice)
        words += [
            replace(word, start_ms=word.start_ms + at_ms, end_ms=word.end_ms + at_ms) for word in speech.words
        ]
        pause = _silence(rng.randint(*PAUSE_MS))
        parts += [speech.samples, pause]
        at_ms = sum(len(part) for part in parts) * 1000 // SAMPLE_RATE_HZ
    samples = apply(np.concatenate(parts), scene.channel, np.random.default_rng(rng.getrandbits(32)))
    return Take(scene, samples, tuple(words))


def speak_all(scenes: Iterable[Scene], processes: int = 2) -> Iterable[Take]:
    """Every scene in order, synthesised in worker processes (espeak keeps its state in globals)."""
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(speak, scenes, chunksize=4)


def assign(
    sentences: Iterable[str], voices: tuple[Voice, ...], channels: tuple[Channel, ...], prefix: str
) -> list[Scene]:
    """One scene a sentence, voices in turn; every voice meets every channel, or one would tell the other."""
    return [
        Scene(
            f"{prefix}-{i:03}",
            (sentence,),
            voices[i % len(voices)],
            channels[i // len(voices) % len(channels)],
        )
        for i, sentence in enumerate(sentences)
    ]


def _silence(duration_ms: int) -> np.ndarray:
    return np.zeros(duration_ms * SAMPLE_RATE_HZ // 1000, dtype=np.float32)
