"""What one engine process holds (models, queue, the device's thread) and an utterance's way through them."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from inference.engine.admission import Admission
from inference.engine.asks import Answer, Ask
from inference.engine.batcher import Batcher
from inference.engine.cache import ModelCache
from inference.engine.config import EngineConfig
from inference.engine.degrade import eased, partial_is_due
from inference.engine.device import Device, backend_of
from inference.engine.fallback import REJECTING, check
from inference.engine.load import LoadMeter
from inference.engine.metrics import Metrics
from inference.engine.queue import FairQueue, Job, Lane, QueueFullError, QueueOptions, SupersededError
from inference.engine.spans import tell_heard
from inference.engine.warm_up import WARM_UP, warm_up_asks
from speech.recognizer import DecodeOptions, ModelLoadError, Recognizer, UnknownLanguageError, load

logger = logging.getLogger(__name__)

WATCH_S = 1.0  # how often load and device are looked at when nobody asks
WARM_UP_S = 30.0  # a large model on a CPU must not warm up for minutes
FINAL_TOKENS = 200


class RefusedError(Exception):
    """No more speakers fit, or the engine is about to end; ask again after `retry_after_s`."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Engine:
    def __init__(self, config: EngineConfig, loader: Callable[..., Recognizer] = load) -> None:
        self.config = config
        self.metrics = Metrics()
        self.meter = LoadMeter()
        self.admission = Admission()
        self.device = Device(loader, config, self.metrics)
        self.cache: ModelCache = self.device.cache
        queue = FairQueue(QueueOptions(config.max_queued, config.max_batch, config.max_batch_s))
        self.batcher = Batcher(
            self.device.decode, queue, self.metrics, config.window_ms, worked=self.meter.worked
        )
        self.problem = "warming up"  # why it is not ready; empty when it is
        self.is_draining = False
        self._partial_s: dict[str, float] = {}  # session -> when its last partial was taken
        self._watching: asyncio.Task[None] | None = None
        for lane in Lane:  # an alert's increase() does not see a series that appears at 1
            self.metrics.count("auscult_engine_refused_total", 0, lane=lane)

    # --- life ---

    async def start(self) -> None:
        self.batcher.start()
        self._watching = asyncio.create_task(self._watch(), name="engine watch")

    async def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        await asyncio.to_thread(self.batcher.stop)
        await asyncio.to_thread(self.device.close)

    def drain(self) -> None:
        """From now on nothing new is taken; what waits is still decoded (see `batcher.is_idle`)."""
        self.is_draining, self.problem = True, "shutting down"

    async def warm_up(self) -> None:
        """Loads the base model and decodes noise of every length, so that the first person does not wait."""
        until_s = time.monotonic() + WARM_UP_S
        try:
            for ask in warm_up_asks():
                await self._warm_up_with(ask)
                if time.monotonic() > until_s:
                    break
            self.problem = self.problem if self.is_draining else ""
        except ModelLoadError as error:
            self.problem = str(error)
        except Exception as error:
            logger.exception("warming up")
            self.problem = f"The base model does not decode: {error}"

    async def _warm_up_with(self, ask: Ask) -> None:
        # People who speak already (the engine was restarted) go first; what gave way to them is no fault.
        with suppress(SupersededError, QueueFullError):
            answer = await self.hear(ask)
            if ask.lane is Lane.FINAL:
                self.admission.estimate(answer.decode_s / ask.duration_s)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._look()
            except Exception:  # without the watch a lost accelerator would stay lost
                logger.exception("looking at load and device")

    async def _look(self) -> None:
        self.observe_load()
        if self.device.failover.is_due(time.monotonic()):
            await asyncio.to_thread(self.device.try_again)

    # --- an utterance ---

    async def hear(self, ask: Ask) -> Answer:
        """Raises RefusedError, SupersededError, and the errors of cache, queue and recogniser."""
        try:
            answer = await self._hear(ask)
        except SupersededError as dropped:
            self.metrics.count("auscult_engine_dropped_total", lane=ask.lane, reason=dropped.reason)
            raise
        except (RefusedError, QueueFullError):
            self.metrics.count("auscult_engine_refused_total", lane=ask.lane)
            raise
        if answer.checked.rejected:
            for flag in REJECTING.intersection(answer.checked.flags):
                self.metrics.count("auscult_engine_rejected_total", flag=flag)
        tell_heard(ask, answer)
        return answer

    async def _hear(self, ask: Ask) -> Answer:
        self._admit(ask)
        pressure = self.admission.pressure
        model, adapter = self._model_for(ask, pressure)
        self.metrics.count("auscult_engine_requests_total", lane=ask.lane, model=model, adapter=adapter)
        self.metrics.count("auscult_engine_failures_total", 0, model=model, adapter=adapter)
        with self.device.held(model, adapter):
            # Others wait for the same load: who goes away must not cancel it.
            recognizer = await asyncio.shield(asyncio.wrap_future(self.device.request(model, adapter)))
            if not getattr(recognizer, "knows_language", lambda code: True)(ask.language):
                raise UnknownLanguageError(f"{model} has no language {ask.language!r}")
            options = eased(decode_options(ask), ask.lane is Lane.PARTIAL, pressure)
            job = Job(
                ask.audio,
                model,
                options,
                ask.lane,
                ask.session or f"alone-{id(ask)}",
                time.monotonic(),
                adapter,
                together=self.device.together(recognizer, options),
            )
            self.batcher.submit(job)
            found, queue_s, decode_s = await asyncio.wrap_future(job.future)
        checked = check(found, round(ask.duration_s * 1000), ask.speech_ms, ask.prompt, ask.hotwords)
        backend = backend_of(recognizer)
        fallback = self.device.failover.is_lost
        return Answer(checked, model, adapter, backend, pressure, fallback, queue_s, decode_s)

    def promise_place(self) -> bool:
        """For somebody who is about to speak, for some seconds. False: no more fit, or not ready."""
        self.observe_load()
        if self.problem or self.admission.is_full:
            return False
        self.meter.promise(time.monotonic())
        self.observe_load()
        return True

    def observe_load(self) -> None:
        now_s = time.monotonic()
        self.admission.update(self.meter.measured(now_s), now_s)

    def _admit(self, ask: Ask) -> None:
        now_s = time.monotonic()
        if self.is_draining:
            raise RefusedError("This engine is about to end.", 1.0)
        if not ask.is_live or ask.session == WARM_UP:
            return
        self.observe_load()
        if not self.admission.admit(ask.session, now_s, ask.admitted):
            raise RefusedError("No more speakers fit now.", self.admission.options.retry_after_s)
        self.meter.spoke(ask.session, now_s)
        if ask.lane is Lane.PARTIAL:
            since_s = now_s - self._partial_s.get(ask.session, 0.0)
            if not partial_is_due(self.admission.pressure, since_s, ask.duration_s):
                raise SupersededError("thinned")
            self._partial_s[ask.session] = now_s
            if len(self._partial_s) > 10_000:
                self._partial_s = {ask.session: now_s}

    def _model_for(self, ask: Ask, pressure: int) -> tuple[str, str]:
        """-> (model, adapter). Raises UnknownModelError."""
        model = self.config.allowed(ask.model)
        adapter = self.config.allowed_adapter(ask.adapter)
        if pressure == 3 and self.config.small_model and ask.is_live:
            return self.config.small_model, ""
        return model, adapter


def decode_options(ask: Ask) -> DecodeOptions:
    options = DecodeOptions(
        language=ask.language,
        max_new_tokens=FINAL_TOKENS,
        word_times=ask.word_times,
        prompt_terms=ask.hotwords,
        prompt=ask.prompt,
    )
    return replace(options, max_new_tokens=8) if ask.session == WARM_UP else options
