"""Which utterances make up which step: buckets of like duration, seeded, the same on every process.

The whole plan follows from the cuts, the config and the seed, so its position is one number (the step)
and every process knows the token count of the whole step without asking the others.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.pipeline.config import PipelineConfig
from training.pipeline.features import FRAMES_PER_S, Cut

# As the recogniser does: some silence behind the longest, and never less than a second.
MARGIN_FRAMES = 20
SHORTEST_WINDOW_FRAMES = 100
PADDED_STEP_FACTOR = 4  # a step of full windows may cost this many times the budget, else it holds too little
GRID_FRAMES = FRAMES_PER_S  # of windows that a cut always has
ROUGHLY = 0.06  # how much like durations are stirred, so that buckets change from epoch to epoch


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step: cut indices, the window in frames, the targets that the loss is divided by."""

    indices: tuple[int, ...]
    window: int
    tokens: int


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """One forward pass. `counts` is false for a stand-in that keeps processes in step and adds no loss."""

    indices: tuple[int, ...]
    window: int
    counts: bool = True


class BatchPlan:
    """`own_windows`: a cut always has the same window, and a step holds those of one window alone."""

    def __init__(
        self, cuts: Sequence[Cut], config: PipelineConfig, full_frames: int, own_windows: bool = False
    ) -> None:
        self._cuts = cuts
        self._config = config
        self._full_frames = full_frames
        self._own_windows = own_windows
        self._own = [i for i, cut in enumerate(cuts) if not cut.replay]
        self._replay = [i for i, cut in enumerate(cuts) if cut.replay]
        if not self._own:
            raise ValueError("no cuts to train on")

    def total_steps(self) -> int:
        """Exact, as AdaLoRA's schedule needs it."""
        if self._config.epochs <= 0:
            return self._config.max_steps
        whole = int(self._config.epochs)
        steps = sum(len(self.epoch(number)) for number in range(whole))
        rest = self._config.epochs - whole
        return steps + round(rest * len(self.epoch(whole))) if rest else steps

    def steps(self, start: int = 0) -> Iterator[Step]:
        """Endless, from step `start` on."""
        number = 0
        while True:
            epoch = self.epoch(number)
            yield from epoch[start:]
            start = max(0, start - len(epoch))
            number += 1

    def epoch(self, number: int) -> list[Step]:
        """Every own cut once, with as much replay as the config asks for, in a seeded order."""
        rng = random.Random(f"{self._config.seed}-epoch-{number}")
        budget = int(self._config.batch_s * FRAMES_PER_S)
        pool = self._own + self._draw_replay(rng)
        pool.sort(key=lambda i: self._length(i) * rng.uniform(1 - ROUGHLY, 1 + ROUGHLY))
        if self._own_windows:
            pool.sort(key=self._length)
        steps: list[Step] = []
        bucket: list[int] = []
        longest = 0
        for index in pool:
            longest_with = max(longest, self._length(index))
            is_other = self._own_windows and longest_with != longest
            if bucket and (is_other or longest_with * (len(bucket) + 1) > budget):
                steps.append(self._step(bucket, rng))
                bucket, longest_with = [], self._length(index)
            bucket.append(index)
            longest = longest_with
        steps.append(self._step(bucket, rng))
        rng.shuffle(steps)
        return steps

    def padding_share(self, steps: Sequence[Step]) -> float:
        """Of all frames that are encoded, those that hold no speech."""
        encoded = sum(step.window * len(step.indices) for step in steps)
        return 1 - sum(self._cuts[i].frames for step in steps for i in step.indices) / encoded

    def _length(self, index: int) -> int:
        """Frames that decide what a cut is put together with."""
        frames = self._cuts[index].frames
        return grid_window(frames, self._full_frames) if self._own_windows else frames

    def _draw_replay(self, rng: random.Random) -> list[int]:
        share = self._config.replay_share
        if not self._replay or share == 0:
            return []
        wanted = round(len(self._own) * share / (1 - share))
        drawn: list[int] = []
        while len(drawn) < wanted:
            drawn += rng.sample(self._replay, min(wanted - len(drawn), len(self._replay)))
        return drawn

    def _step(self, bucket: Sequence[int], rng: random.Random) -> Step:
        longest = max(map(self._length, bucket))
        window = longest if self._own_windows else window_for(longest, self._full_frames)
        if rng.random() < self._config.padded_share:
            window = self._full_frames
            most = max(1, int(self._config.batch_s * FRAMES_PER_S) // window)
            bucket = rng.sample(list(bucket), min(len(bucket), most * PADDED_STEP_FACTOR))
        return Step(tuple(bucket), window, sum(self._cuts[i].tokens for i in bucket))


def window_for(longest_frames: int, full_frames: int) -> int:
    """An even number of frames, because the encoder halves them."""
    window = max(SHORTEST_WINDOW_FRAMES, longest_frames + MARGIN_FRAMES)
    return min(window + window % 2, full_frames)


def grid_window(frames: int, full_frames: int) -> int:
    """The window of a cut that always has the same: whole seconds."""
    return min(-(-window_for(frames, full_frames) // GRID_FRAMES) * GRID_FRAMES, full_frames)


def micro_batches(step: Step, micro_batch_s: float, rank: int = 0, world: int = 1) -> list[MicroBatch]:
    """This process's share of a step. Every process gets the same number of forward passes."""
    most = max(1, int(micro_batch_s * FRAMES_PER_S) // step.window)
    shares = [step.indices[r::world] for r in range(world)]
    passes = -(-max(map(len, shares)) // most)
    mine = shares[rank]
    batches = [MicroBatch(mine[k * most : (k + 1) * most], step.window) for k in range(passes)]
    return [
        batch if batch.indices else MicroBatch(step.indices[:1], step.window, counts=False)
        for batch in batches
    ]
