"""Dictations whose pauses are known: in the middle of sentences and between them."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from speech.acoustics import Channel, Room, apply
from speech.audio import SAMPLE_RATE_HZ
from speech.backends.espeak import EspeakSynthesizer
from speech.grammar import clinical_sentence, held_out_sentence
from speech.synthesizer import Voice
from speech.types import Span, Word
from speech.voices import HELD_OUT_VARIANTS, draw_voice

CHANNELS = (
    Channel(Room(rt60_s=0.25, distance_m=0.4, seed=1), "pink", 24.0),
    Channel(Room(rt60_s=0.45, distance_m=0.8, seed=2), "babble", 20.0),
    Channel(None, "white", 35.0),
)
SENTENCES = 6
SPLIT_SHARE = 0.6  # of the sentences have a pause inside
INNER_S = (0.15, 1.5)  # short ones are the most frequent
BETWEEN_S = (0.5, 1.5)
LEAD_S, TRAIL_S = 0.5, 1.2
_UNIT = re.compile(r"[一-鿿㐀-䶿]|[A-Za-z0-9'’-]+")


@dataclass(frozen=True, slots=True)
class Dictation:
    """float32 mono 16 kHz; words with exact times; where the speaker paused within and between sentences."""

    text: str
    samples: np.ndarray
    words: tuple[Word, ...]
    inner: tuple[Span, ...]
    between: tuple[Span, ...]


def dictations(count: int, seed: int = 5) -> list[Dictation]:
    rng = random.Random(seed)
    return [_dictation(rng, CHANNELS[i % len(CHANNELS)]) for i in range(count)]


def _dictation(rng: random.Random, channel: Channel) -> Dictation:
    voice = draw_voice(rng, HELD_OUT_VARIANTS, rates_wpm=(140, 210))
    sentences = [_sentence(rng) for _ in range(SENTENCES)]
    tape = _Tape(voice)
    tape.silence(LEAD_S)
    inner, between = [], []
    for index, sentence in enumerate(sentences):
        for number, part in enumerate(_parts(rng, sentence)):
            if number:
                low, high = INNER_S
                inner.append(tape.silence(low * (high / low) ** rng.random()))
            elif index:
                between.append(tape.silence(rng.uniform(*BETWEEN_S)))
            tape.say(part)
    tape.silence(TRAIL_S)
    samples = apply(np.concatenate(tape.parts), channel, np.random.default_rng(rng.getrandbits(32)))
    return Dictation(" ".join(sentences), samples, tuple(tape.words), tuple(inner), tuple(between))


def _sentence(rng: random.Random) -> str:
    return clinical_sentence(rng) if rng.random() < 0.5 else held_out_sentence(rng)


def _parts(rng: random.Random, sentence: str) -> Iterator[str]:
    """The sentence, or both sides of a place between two of its words."""
    places = [match.start() for match in _UNIT.finditer(sentence)][2:-1]
    if not places or rng.random() >= SPLIT_SHARE:
        yield sentence
        return
    place = rng.choice(places)
    yield sentence[:place].strip()
    yield sentence[place:].strip()


class _Tape:
    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._engine = EspeakSynthesizer()
        self.parts: list[np.ndarray] = []
        self.words: list[Word] = []
        self._samples = 0

    def silence(self, seconds: float) -> Span:
        """A pause, counted from the end of the last word: the voice itself leaves some silence."""
        start_ms = self.words[-1].end_ms if self.words else 0
        self._add(np.zeros(int(seconds * SAMPLE_RATE_HZ), np.float32))
        return Span(start_ms, self._now_ms())

    def say(self, text: str) -> None:
        speech, at_ms = self._engine.synthesize(text, self._voice), self._now_ms()
        self.words += [
            replace(word, start_ms=word.start_ms + at_ms, end_ms=word.end_ms + at_ms) for word in speech.words
        ]
        self._add(speech.samples)

    def _add(self, samples: np.ndarray) -> None:
        self.parts.append(samples)
        self._samples += len(samples)

    def _now_ms(self) -> int:
        return self._samples * 1000 // SAMPLE_RATE_HZ
