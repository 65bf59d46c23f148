"""What is loaded, on which device, and how a batch of jobs is decoded there.

Loses the accelerator without losing the batch: the models come back on the CPU, and the same jobs are
decoded again. What does not fit into memory is halved. Imports no torch itself.
"""

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from inference.engine.cache import ModelCache
from inference.engine.config import EngineConfig
from inference.engine.failover import Failover, is_device_lost, is_out_of_memory
from inference.engine.metrics import Metrics
from inference.engine.queue import SAMPLE_RATE_HZ, Job
from speech.recognizer import DecodeOptions, Recognizer
from speech.types import Hypothesis

logger = logging.getLogger(__name__)

CPU = "cpu"


class Device:
    """`loader(ref, backend=…, device=…)`; each is left out where it is the loader's own choice."""

    def __init__(self, loader: Callable[..., Recognizer], config: EngineConfig, metrics: Metrics) -> None:
        chosen = {} if config.backend == "auto" else {"backend": config.backend}
        self._loader = partial(loader, **chosen)
        self._base = config.base_model
        self._metrics = metrics
        self.failover = Failover()
        self.cache = ModelCache(self._load, keep=config.models_kept)

    @property
    def name(self) -> str:
        """cuda or cpu, of the base model; cpu while nothing is loaded."""
        try:
            device = getattr(self.cache.get(self._base), "device", CPU)
        except KeyError:
            device = CPU
        return str(device).partition(":")[0]

    def backend_of(self, model: str) -> str:
        try:
            recognizer = self.cache.get(model)
        except KeyError:
            return ""
        return getattr(recognizer, "backend", "fake" if model.startswith("fake:") else "transformers")

    def together(self, recognizer: Recognizer, options: DecodeOptions) -> Hashable:
        """What a batch must have in common: all options, without prompts where each row may have its own."""
        if getattr(recognizer, "prompts_per_row", False):
            return replace(options, prompt_terms=())
        return options

    def decode(self, jobs: Sequence[Job]) -> list[Hypothesis]:
        """Of one group. Called in the device's thread only."""
        try:
            return self._decode(jobs)
        except Exception as error:
            if is_out_of_memory(error) and len(jobs) > 1:
                self._metrics.count("auscult_engine_halved_total")
                half = len(jobs) // 2
                return [*self.decode(jobs[:half]), *self.decode(jobs[half:])]
            if self.failover.is_lost or not (is_device_lost(error) or is_out_of_memory(error)):
                raise
            self._lose(error)
        return self._decode(jobs)

    def try_again(self) -> bool:
        """Loads and tries the base model on the accelerator, beside the work on the CPU."""
        noise = np.zeros(SAMPLE_RATE_HZ, np.float32)
        try:
            recognizer = self._loader(self._base)
            recognizer.transcribe([noise], DecodeOptions(max_new_tokens=4, word_times=False))
            if getattr(recognizer, "device", "") == CPU:
                raise RuntimeError("the model was loaded on the CPU")
        except Exception as error:  # whatever it is, the CPU goes on
            logger.warning("the accelerator is still lost: %s", error)
            self.failover.still_lost(time.monotonic())
            return False
        logger.warning("the accelerator is back")
        self._metrics.count("auscult_engine_device_regained_total")
        self.failover.regained()
        self.cache.clear()
        self.cache.put(self._base, recognizer)
        return True

    def _decode(self, jobs: Sequence[Job]) -> list[Hypothesis]:
        recognizer = self.cache.request(jobs[0].model).result()
        return recognizer.transcribe([job.audio for job in jobs], jobs[0].options)

    def _load(self, ref: str) -> Recognizer:
        if self.failover.is_lost:
            return self._loader(ref, device=CPU)
        try:
            return self._loader(ref)
        except Exception as error:
            if not (is_device_lost(error) or is_out_of_memory(error)):
                raise
            self._lose(error)
            return self._loader(ref, device=CPU)

    def _lose(self, error: BaseException) -> None:
        logger.error("the accelerator is lost, the CPU takes over: %s", error)
        self._metrics.count("auscult_engine_device_lost_total")
        self.failover.lost(time.monotonic())
        self.cache.clear()
