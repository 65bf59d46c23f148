"""Batches for the loop, prepared a step ahead in a thread, so that the device does not wait for them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import tee, zip_longest

import numpy as np

from training.pipeline.augment import mask
from training.pipeline.batches import MicroBatch, Step, micro_batches
from training.pipeline.config import PipelineConfig
from training.pipeline.encoder_cache import EncoderCache
from training.pipeline.features import Batch, FeatureStore

Prepared = list[tuple[MicroBatch, Batch]]


class Loader:
    """This process's share of each step; seeded by step and cut, so that a thread changes nothing."""

    def __init__(
        self, store: FeatureStore, config: PipelineConfig, rank: int, world: int, cache: EncoderCache | None
    ) -> None:
        self._store, self._config, self._rank, self._world, self._cache = store, config, rank, world, cache
        self.micro_batch_s = config.micro_batch_s or config.batch_s
        self._thread = ThreadPoolExecutor(1)
        self._begun: dict[int, Future[Prepared]] = {}

    def begin(self, step: Step, number: int) -> None:
        """Starts to prepare a step that will be asked for."""
        self._begun[number] = self._thread.submit(self._prepare, step, number)

    def take(self, step: Step, number: int) -> Prepared:
        """The passes of a step, `number` steps done before it."""
        begun = self._begun.pop(number, None)
        return begun.result() if begun else self._prepare(step, number)

    def _prepare(self, step: Step, number: int) -> Prepared:
        batches = micro_batches(step, self.micro_batch_s, self._rank, self._world)
        return [(batch, self._load(batch, number)) for batch in batches]

    def _load(self, batch: MicroBatch, number: int) -> Batch:
        if self._cache:
            return self._store.batch(
                self._cache.of(batch.indices), batch.indices, batch.window // 2, encoded=True
            )
        frames = [self._store.frames_of(index) for index in batch.indices]
        if self._config.augment:
            # The same on any number of processes and after any resume.
            for one, index in zip(frames, batch.indices, strict=True):
                mask(one, self._config, np.random.default_rng((self._config.seed, number, index)))
        return self._store.batch(frames, batch.indices, batch.window)


def with_next(steps: Iterator[Step]) -> Iterator[tuple[Step, Step | None]]:
    """Each step with the one that follows it."""
    one, other = tee(steps)
    next(other, None)
    return zip_longest(one, other)


def speech_frames(store: FeatureStore, batches: Sequence[MicroBatch]) -> int:
    return sum(store.cuts[index].frames for batch in batches if batch.counts for index in batch.indices)
