"""What one engine process holds (models, queue, the device's thread) and an utterance's way through them."""

import asyncio
import time
from collections.abc import Callable, Sequence

import numpy as np

from inference.engine.batcher import Batcher
from inference.engine.cache import ModelCache
from inference.engine.config import EngineConfig
from inference.engine.metrics import Metrics
from inference.engine.queue import FairQueue, Job, Lane
from speech.recognizer import DecodeOptions, ModelLoadError, Recognizer, load
from speech.types import Hypothesis

SAMPLE_RATE_HZ = 16_000
PARTIAL_TOKENS = 96


class Engine:
    def __init__(self, config: EngineConfig, loader: Callable[[str], Recognizer] = load) -> None:
        self.config = config
        self.metrics = Metrics()
        self.cache = ModelCache(loader, keep=config.models_kept)
        queue = FairQueue(config.max_queued, config.max_batch)
        self.batcher = Batcher(self._decode, queue, self.metrics, config.window_ms)
        self.problem = "warming up"  # why it is not ready; empty when it is

    def start(self) -> None:
        self.batcher.start()

    def stop(self) -> None:
        self.batcher.stop()
        self.cache.close()

    def _decode(self, model: str, batch: Sequence[np.ndarray], options: DecodeOptions) -> list[Hypothesis]:
        return self.cache.get(model).transcribe(batch, options)

    async def warm_up(self) -> None:
        """Load the base model and decode a little noise, so that the first person does not wait for it."""
        noise = (np.random.default_rng(0).standard_normal(SAMPLE_RATE_HZ) * 1e-3).astype(np.float32)
        try:
            for word_times in (True, False):
                await self.hear(self.config.base_model, noise, Lane.FINAL, "warm-up", "zh", word_times)
            self.problem = ""
        except ModelLoadError as error:
            self.problem = str(error)

    async def hear(
        self, ref: str, audio: np.ndarray, lane: Lane, session: str, language: str, word_times: bool
    ) -> tuple[Hypothesis, float, float]:
        """-> (hypothesis, seconds queued, seconds decoding). Raises the errors of cache and queue."""
        model = self.config.allowed(ref)
        with self.cache.held(model):
            recognizer = await asyncio.wrap_future(self.cache.request(model))
            options = decode_options(recognizer, lane, language, word_times)
            job = Job(audio, model, options, lane, session, time.monotonic())
            self.batcher.submit(job)
            return await asyncio.wrap_future(job.future)


def decode_options(recognizer: Recognizer, lane: Lane, language: str, word_times: bool) -> DecodeOptions:
    return DecodeOptions(
        language=language,
        max_new_tokens=PARTIAL_TOKENS if lane is Lane.PARTIAL else 200,
        window="speech" if getattr(recognizer, "variable_window", False) else "padded",
        word_times=word_times,
    )
