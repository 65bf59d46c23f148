"""The same utterances for both recipes: five seconds of the demo hospital on average, and a held-out set."""

from pathlib import Path

import numpy as np

from benchmarks.active_learning.pool import Spoken, build
from speech import manifest
from speech.audio import write_flac
from speech.manifest import Utterance
from training.demo.script import Sizes

MEAN_S = 5.0
SHORTEST_S, LONGEST_S = 2.0, 9.0


def write_data(folder: Path, utterances: int, held_out: int) -> float:
    """Writes train.jsonl and test.jsonl under `folder` -> their mean duration, s."""
    hospital = build(Sizes(recordings=90, medical_set=held_out, general_set=0, replay=0))
    chosen = about_mean([one for one in hospital.pool if SHORTEST_S <= one.duration_ms / 1000 <= LONGEST_S])
    chosen = chosen[:utterances]
    _write(folder, "train", chosen)
    _write(folder, "test", hospital.held_out)
    return float(np.mean([one.duration_ms for one in chosen])) / 1000


def about_mean(pool: list[Spoken]) -> list[Spoken]:
    """In the order given; one is passed over while it would move the mean away from MEAN_S."""
    chosen: list[Spoken] = []
    total_s = 0.0
    for one in pool:
        seconds = one.duration_ms / 1000
        mean_s = (total_s + seconds) / (len(chosen) + 1)
        if not chosen or abs(mean_s - MEAN_S) <= max(0.05, abs(total_s / len(chosen) - MEAN_S)):
            chosen.append(one)
            total_s += seconds
    return chosen


def _write(folder: Path, split: str, rows: list[Spoken]) -> None:
    (folder / split).mkdir(parents=True, exist_ok=True)
    utterances = []
    for number, one in enumerate(rows):
        path = f"{split}/{number}.flac"
        write_flac(folder / path, one.samples)
        utterances.append(Utterance(path, 0, one.duration_ms, one.said, one.speaker, f"{split}-{number}"))
    manifest.write(folder / f"{split}.jsonl", utterances)
