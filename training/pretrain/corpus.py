"""Endless fresh training speech in batches: nothing is stored, group g of a seed is made when asked for.

Runs in loader processes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch.utils.data import IterableDataset, get_worker_info
from transformers import WhisperTokenizer

from speech.backends.espeak import SAMPLE_RATE_HZ
from training.pretrain.batches import FULL_WINDOW_SAMPLES, Batch, BatchMaker, Utterance
from training.pretrain.text import training_sentence

LONGEST_SAMPLES = 20 * SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Curriculum:
    """What the corpus is like at a step; sentences start short, because attention aligns faster on them."""

    # (from step, longest sentence in characters), in rising order of steps
    longest: tuple[tuple[int, int], ...] = ((0, 9), (700, 20), (1500, 48))
    concatenations_from_step: int = 1500
    full_windows_from_step: int = 1500
    full_window_share: float = 0.02
    silence_share: float = 0.02
    batch_rows: int = 16
    row_samples: int = 5 * SAMPLE_RATE_HZ  # a batch of longer utterances has fewer rows

    def at_its_end(self) -> "Curriculum":
        """For a model that has learned already: everything from the first step."""
        longest = ((0, self.longest[-1][1]),)
        return replace(self, longest=longest, concatenations_from_step=0, full_windows_from_step=0)

    def longest_characters(self, step: int) -> int:
        return [characters for from_step, characters in self.longest if step >= from_step][-1]


class Corpus(IterableDataset[Batch]):
    """Batches from `start_step` on, for ever; made in groups whose utterances are sorted by length.

    Replicas that train together get other sentences but, step by step, batches of like length and
    window: none waits for another.
    """

    GROUP = 16

    def __init__(
        self,
        tokenizer: WhisperTokenizer,
        curriculum: Curriculum,
        seed: int = 0,
        start_step: int = 0,
        replica: int = 0,
    ) -> None:
        self.tokenizer, self.curriculum = tokenizer, curriculum
        self.seed, self.start_step, self.replica = seed, start_step, replica

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        index, count = (worker.id, worker.num_workers) if worker else (0, 1)
        torch.set_num_threads(1)
        maker = BatchMaker(self.tokenizer)
        step = self.start_step
        while True:
            yield from self._group(maker, f"{self.seed}/{step}/{index}", step)
            step += self.GROUP * count

    def _group(self, maker: BatchMaker, seed: str, step: int) -> Iterator[Batch]:
        plan, rng, shared = self.curriculum, random.Random(f"{seed}/{self.replica}"), random.Random(seed)
        utterances = self._utterances(maker, rng, step)
        order = list(range(self.GROUP))
        shared.shuffle(order)
        for place in order:
            rows = utterances[place * plan.batch_rows : (place + 1) * plan.batch_rows]
            fitting = max(1, plan.batch_rows * plan.row_samples // len(rows[-1].samples))
            window = 0
            if step >= plan.full_windows_from_step and shared.random() < plan.full_window_share:
                window, fitting = FULL_WINDOW_SAMPLES, max(2, plan.batch_rows // 4)
            elif shared.random() < 0.08:
                window = min(LONGEST_SAMPLES, len(rows[-1].samples) + shared.randint(0, 3 * SAMPLE_RATE_HZ))
            if fitting < len(rows):
                rows = rng.sample(rows, fitting)
            yield maker.batch(rows, window, rng)

    def _utterances(self, maker: BatchMaker, rng: random.Random, step: int) -> list[Utterance]:
        """Enough for a group, shortest first."""
        plan = self.curriculum
        longest, joined = plan.longest_characters(step), step >= plan.concatenations_from_step
        utterances: list[Utterance] = []
        while len(utterances) < self.GROUP * plan.batch_rows:
            if rng.random() < plan.silence_share:
                one = maker.silence(rng)
            else:
                one = maker.utterance(rng, training_sentence(rng, longest, concatenations=joined))
            if len(one.samples) <= LONGEST_SAMPLES:
                utterances.append(one)
        return sorted(utterances, key=lambda one: len(one.samples))
