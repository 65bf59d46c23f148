"""Dictations whose every character has a known moment at which it had been said.

espeak reports when each word starts, so nothing is estimated by a recogniser: a word ends where the next
one or a pause starts, the last one of an utterance where its sound ends. The hanzi of one dictionary word
share its time evenly; the letters of a Latin word all count as said at its end. Pure: no server, no model.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from speech.acoustics import Channel, apply
from speech.audio import SAMPLE_RATE_HZ
from speech.backends.espeak import EspeakSynthesizer
from speech.grammar import held_out_sentence
from speech.synthesizer import Speech, Voice
from speech.text import characters
from speech.voices import HELD_OUT_VARIANTS, espeak_name

LEAD_MS = 500
PAUSE_MS = (700, 1500)  # a person who dictates; longer than what ends an utterance
MARGIN_MS = 250
TAIL_MS = 2_000  # the microphone stays open a moment
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000
SILENCE_LEVEL = 0.003  # of full scale: below it espeak only rings out
RATES_WPM = (150, 165, 180, 195)
PITCHES = (38, 46, 54, 62)
# A quiet office. No room: an echo would move the end of a word.
OFFICE = Channel(room=None, noise="pink", snr_db=30.0)


@dataclass(frozen=True, slots=True)
class GoldCharacter:
    """One character as CER counts it, and when it had been said, from the beginning of the dictation."""

    text: str
    end_ms: int
    utterance: int


@dataclass(frozen=True, slots=True)
class GoldUtterance:
    """`start_ms`: its first sound; `end_ms`: its last."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Dictation:
    """`samples`: float32 mono 16 kHz (n,), spoken `rounds` times. `characters` in the order of speech."""

    name: str
    samples: np.ndarray
    utterances: tuple[GoldUtterance, ...]
    characters: tuple[GoldCharacter, ...]
    rounds: int = 1

    @property
    def duration_ms(self) -> int:
        return len(self.samples) // SAMPLES_PER_MS * self.rounds

    def repeated(self, rounds: int) -> "Dictation":
        """The same again and again; the sound is kept once."""
        starts_ms = [number * self.duration_ms for number in range(rounds)]
        count = len(self.utterances)
        return replace(
            self,
            rounds=rounds,
            utterances=tuple(
                GoldUtterance(one.text, one.start_ms + at_ms, one.end_ms + at_ms)
                for at_ms in starts_ms
                for one in self.utterances
            ),
            characters=tuple(
                GoldCharacter(one.text, one.end_ms + at_ms, one.utterance + number * count)
                for number, at_ms in enumerate(starts_ms)
                for one in self.characters
            ),
        )

    @property
    def text(self) -> str:
        """All of it as CER counts it."""
        return "".join(character.text for character in self.characters)

    @property
    def said(self) -> str:
        return " ".join(utterance.text for utterance in self.utterances)

    def cut(self) -> list[np.ndarray]:
        """Each utterance of a round by itself, with a little silence around it."""
        return [
            self.samples[
                (one.start_ms - MARGIN_MS) * SAMPLES_PER_MS : (one.end_ms + MARGIN_MS) * SAMPLES_PER_MS
            ]
            for one in self.utterances[: len(self.utterances) // self.rounds]
        ]

    @property
    def pcm(self) -> bytes:
        """PCM16 little-endian, one round."""
        return pcm16(self.samples)


def dictation(
    name: str, sentences: Sequence[str], voice: Voice, seed: int, tail_ms: int = TAIL_MS
) -> Dictation:
    """The sentences one after the other, with pauses as a person makes them, and their gold times."""
    engine = EspeakSynthesizer()
    return _composed(name, [(text, engine.synthesize(text, voice)) for text in sentences], seed, tail_ms)


def dictations(count: int, least_s: float, name: str = "dictation", seed: int = 31) -> list[Dictation]:
    """`count` of at least `least_s`, held-out voices in turn; sentences that were never trained on."""
    rng, engine = random.Random(seed), EspeakSynthesizer()
    made = []
    for index in range(count):
        variant = HELD_OUT_VARIANTS[index % len(HELD_OUT_VARIANTS)]
        voice = Voice(espeak_name(variant), RATES_WPM[index % 4], PITCHES[(index * 3) % 4])
        spoken: list[tuple[str, Speech]] = []
        samples = 0
        while samples < (least_s * 1000 - LEAD_MS - TAIL_MS) * SAMPLES_PER_MS:
            text = held_out_sentence(rng)
            spoken.append((text, engine.synthesize(text, voice)))
            samples += len(spoken[-1][1].samples) + sum(PAUSE_MS) // 2 * SAMPLES_PER_MS
        made.append(_composed(f"{name}-{index}", spoken, seed + index, TAIL_MS))
    return made


def _composed(name: str, spoken: Sequence[tuple[str, Speech]], seed: int, tail_ms: int) -> Dictation:
    rng = random.Random(seed)
    parts = [_silence(LEAD_MS)]
    utterances: list[GoldUtterance] = []
    said: list[GoldCharacter] = []
    for index, (text, speech) in enumerate(spoken):
        at_ms = sum(len(part) for part in parts) // SAMPLES_PER_MS
        end_ms = sound_end_ms(speech.samples)
        said += gold_characters(speech, end_ms, at_ms, index)
        utterances.append(GoldUtterance(text, at_ms + speech.words[0].start_ms, at_ms + end_ms))
        last = index + 1 == len(spoken)
        parts += [speech.samples, _silence(tail_ms if last else rng.randint(*PAUSE_MS))]
    noise = np.random.default_rng(seed)
    return Dictation(name, apply(np.concatenate(parts), OFFICE, noise), tuple(utterances), tuple(said))


def gold_characters(speech: Speech, end_ms: int, at_ms: int, utterance: int) -> list[GoldCharacter]:
    """The speech begins at `at_ms` of the dictation; its sound ends `end_ms` later."""
    return [
        GoldCharacter(character, at_ms + min(word.end_ms, end_ms), utterance)
        for word in speech.words
        for character in characters(word.text)
    ]


def sound_end_ms(samples: np.ndarray) -> int:
    """Where the last audible sample of clean speech lies: espeak leaves silence behind it."""
    audible = np.flatnonzero(np.abs(samples) > SILENCE_LEVEL)
    return int(audible[-1]) // SAMPLES_PER_MS if len(audible) else 0


def pcm16(samples: np.ndarray) -> bytes:
    """float32 in [-1, 1] -> little-endian 16-bit."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _silence(duration_ms: int) -> np.ndarray:
    return np.zeros(duration_ms * SAMPLES_PER_MS, dtype=np.float32)
