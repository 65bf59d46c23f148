"""What is transcribed: held-out sentences by held-out voices in a quiet room, short ones and 30 s of them."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.decode import QUIET_ROOM
from speech.audio import SAMPLE_RATE_HZ
from speech.grammar import held_out_sentence
from speech.segment import cut_at_pauses
from speech.voices import HELD_OUT_VARIANTS, draw_voice
from training.demo.scenes import Scene, Take, speak

SHORT_S = (3.0, 8.0)
WINDOW_S = 30.0
LONGEST_MS = 10_000  # longest_utterance_ms of the bundled model


@dataclass(frozen=True, slots=True)
class Material:
    """`length` names it in the figures."""

    length: str
    texts: tuple[str, ...]
    sounds: tuple[np.ndarray, ...]

    @property
    def seconds(self) -> float:
        return sum(map(len, self.sounds)) / SAMPLE_RATE_HZ

    def cut_at_pauses(self) -> tuple["Material", list[int]]:
        """Its sentences as utterances of their own, as ours cuts them, and the clip that each is from."""
        pieces = [
            (clip, sound[span.start_ms * 16 : span.end_ms * 16])
            for clip, sound in enumerate(self.sounds)
            for span in cut_at_pauses(sound, LONGEST_MS)
        ]
        material = Material(f"{self.length} cut", ("",) * len(pieces), tuple(piece for _, piece in pieces))
        return material, [clip for clip, _ in pieces]

    def save(self, folder: Path) -> Path:
        """One array and where each utterance ends: what every system reads."""
        path = folder / f"{self.length.replace(' ', '')}.npz"
        np.savez(path, audio=np.concatenate(self.sounds), ends=np.cumsum([len(s) for s in self.sounds]))
        return path


def short_utterances(count: int) -> Material:
    """One sentence each, as the endpointing of a live session gives them."""
    rng, takes = random.Random(11), []
    while len(takes) < count:
        take = _take(rng, f"short-{rng.random()}", 1)
        if SHORT_S[0] <= len(take.samples) / SAMPLE_RATE_HZ <= SHORT_S[1]:
            takes.append(take)
    return _material("3-8 s", takes)


def window_long(count: int) -> Material:
    """As many sentences of one voice as 30 s hold, with the pauses of somebody who dictates."""
    rng, takes = random.Random(12), []
    while len(takes) < count:
        take = _take(rng, f"long-{rng.random()}", rng.randint(6, 9))
        if WINDOW_S - 4 <= len(take.samples) / SAMPLE_RATE_HZ <= WINDOW_S:
            takes.append(take)
    return _material("30 s", takes)


def _take(rng: random.Random, name: str, sentences: int) -> Take:
    said = tuple(held_out_sentence(rng) for _ in range(sentences))
    return speak(Scene(name, said, draw_voice(rng, HELD_OUT_VARIANTS), QUIET_ROOM))


def _material(length: str, takes: list[Take]) -> Material:
    return Material(length, tuple(t.text for t in takes), tuple(t.samples for t in takes))
