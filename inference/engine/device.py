"""What is loaded, on which device, and how a batch of jobs is decoded there.

Loses the accelerator without losing the batch: the models come back on the CPU, and the same jobs are
decoded again. What does not fit into memory is halved. Imports no torch itself.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from inference.engine.adapters import Adaptable, Adapted, adaptable, key_of, parts_of
from inference.engine.cache import ModelCache
from inference.engine.config import EngineConfig
from inference.engine.failover import Failover, is_device_lost, is_out_of_memory
from inference.engine.metrics import Metrics
from inference.engine.queue import SAMPLE_RATE_HZ, Job
from speech.recognizer import DecodeOptions, ModelLoadError, Recognizer, has_accelerator
from speech.types import Hypothesis

logger = logging.getLogger(__name__)

CPU, ACCELERATOR = "cpu", "cuda"


class Device:
    """`loader(ref, backend=…, device=…, adapter=…)`; each is left out where it is the loader's own choice."""

    def __init__(self, loader: Callable[..., Recognizer], config: EngineConfig, metrics: Metrics) -> None:
        chosen = {} if config.backend == "auto" else {"backend": config.backend}
        self._loader = partial(loader, **chosen)
        self._base = config.base_model
        self._metrics = metrics
        self.failover = Failover()
        self._changing = threading.Lock()  # the device: the threads of decoding and loading may both lose it
        self.name = CPU  # where models are, once one is loaded
        self.cache = ModelCache(self._load, keep=config.models_kept, put_away=self._forget_adapters_of)
        self.adapters = ModelCache(self._load_adapted, keep=config.adapters_kept, put_away=_drop)

    # --- models ---

    def request(self, model: str, adapter: str) -> "Future[Recognizer]":
        if not adapter:
            return self.cache.request(model)
        self.cache.used(model)  # or a base would go that is heard through its adapters only
        return self.adapters.request(key_of(model, adapter))

    @contextmanager
    def held(self, model: str, adapter: str) -> Iterator[None]:
        """Within the block both, once loaded, are not put away."""
        with ExitStack() as stack:
            stack.enter_context(self.cache.held(model))
            if adapter:
                stack.enter_context(self.adapters.held(key_of(model, adapter)))
            yield

    def close(self) -> None:
        self.adapters.close()
        self.cache.close()

    # --- batches ---

    def together(self, recognizer: Recognizer, options: DecodeOptions) -> Hashable:
        """What a batch must have in common: each row has its prompt, and its language where unknown ones
        were turned away before."""
        common = replace(options, prompt_terms=(), prompt="")
        return replace(common, language="") if hasattr(recognizer, "knows_language") else common

    def decode(self, jobs: Sequence[Job]) -> list[Hypothesis]:
        """Of one group. Called in the device's thread only."""
        was_lost = self._is_lost()
        try:
            return self._decode(jobs)
        except Exception as error:
            if is_out_of_memory(error) and len(jobs) > 1:
                self._metrics.count("auscult_engine_halved_total")
                half = len(jobs) // 2
                return [*self.decode(jobs[:half]), *self.decode(jobs[half:])]
            if was_lost or not (is_device_lost(error) or is_out_of_memory(error)):
                raise
            self._lose(error)
        return self._decode(jobs)

    def _decode(self, jobs: Sequence[Job]) -> list[Hypothesis]:
        recognizer = self.request(jobs[0].model, jobs[0].adapter).result()
        each = [job.options for job in jobs]
        alike = all(one == each[0] for one in each)
        return recognizer.transcribe([job.audio for job in jobs], each[0] if alike else each)

    # --- the accelerator ---

    def try_again(self) -> bool:
        """Loads and tries the base model on the accelerator, beside the work on the CPU."""
        noise = np.zeros(SAMPLE_RATE_HZ, np.float32)
        try:
            recognizer = self._loader(self._base, device=ACCELERATOR)
            recognizer.transcribe([noise], DecodeOptions(max_new_tokens=4, word_times=False))
        except Exception as error:  # whatever it is, the CPU goes on
            logger.warning("the accelerator is still lost: %s", error)
            self.failover.still_lost(time.monotonic())
            return False
        logger.warning("the accelerator is back")
        self._metrics.count("auscult_engine_device_regained_total")
        with self._changing:
            self.failover.regained()
            self.name = ACCELERATOR
            self._forget()
            self.cache.put(self._base, adaptable(recognizer))
        return True

    def _is_lost(self) -> bool:
        """True: what is requested from now on is on the CPU."""
        with self._changing:
            return self.failover.is_lost

    def _lose(self, error: BaseException) -> None:
        """Once: whoever meets the same loss later goes on when everything is forgotten."""
        with self._changing:
            if self.failover.is_lost:
                return
            logger.error("the accelerator is lost, the CPU takes over: %s", error)
            self._metrics.count("auscult_engine_device_lost_total")
            self.failover.lost(time.monotonic())
            self.name = CPU
            self._forget()

    def _forget(self) -> None:
        self.cache.clear()
        self.adapters.clear()  # after their bases: an adapter that is loaded from now on finds a new one

    def _forget_adapters_of(self, base: Recognizer) -> None:
        """They would keep a base in memory that is loaded anew when it is wanted again."""
        for key in self.adapters.refs():
            if parts_of(key)[0] == base.ref:
                self.adapters.forget(key)

    # --- loading, in the loaders' threads ---

    def _load(self, ref: str) -> Recognizer:
        recognizer = self._load_anywhere(ref)
        self.name = CPU if self.failover.is_lost else _device_of(recognizer)
        return adaptable(recognizer)

    def _load_anywhere(self, ref: str, **more: str) -> Recognizer:
        """Raises the accelerator's own errors: the cache, cleared by the loss, begins the load anew."""
        if self.failover.is_lost:
            return self._loader(ref, device=CPU, **more)
        try:
            return self._loader(ref, **more)
        except Exception as error:
            if is_device_lost(error) or is_out_of_memory(error):
                self._lose(error)
            raise

    def _load_adapted(self, key: str) -> Recognizer:
        """The adapter beside its base where that can be, else a model of its own with it merged in."""
        model, adapter = parts_of(key)
        base = self.cache.request(model).result()
        if not isinstance(base, Adaptable):
            return self._load_anywhere(model, adapter=adapter)
        try:
            return Adapted(base, adapter)
        except ModelLoadError as error:
            if is_device_lost(error):
                self._lose(error)
            raise


def backend_of(recognizer: Recognizer) -> str:
    return getattr(recognizer, "backend", "") or "transformers"


def _device_of(recognizer: Recognizer) -> str:
    """Where a recogniser that does not say so computes: where the loader's own choice is."""
    if own := getattr(recognizer, "device", ""):
        return str(own)
    return ACCELERATOR if not recognizer.ref.startswith("fake:") and has_accelerator() else CPU


def _drop(recognizer: Recognizer) -> None:
    if isinstance(recognizer, Adapted):
        recognizer.drop()
