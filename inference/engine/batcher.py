"""One thread that owns the device: takes fair batches from the queue and decodes them.

Waits a few milliseconds for company, never when a job has already waited longer than that.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from inference.engine.metrics import Metrics
from inference.engine.queue import FairQueue, Job, Lane
from speech.types import Hypothesis

logger = logging.getLogger(__name__)

Decode = Callable[[Sequence[Job]], list[Hypothesis]]
Worked = Callable[[Lane, float, float, float], None]


def _nobody(_lane: Lane, _began_s: float, _ended_s: float, _waited_s: float) -> None:
    return None


class Batcher:
    """`decode(jobs)` runs only in this thread; a job's future gives (result, queue s, decode s).

    `worked(lane, began s, ended s, longest wait s)` is told of every batch, in this thread.
    """

    def __init__(
        self,
        decode: Decode,
        queue: FairQueue,
        metrics: Metrics,
        window_ms: int = 10,
        worked: Worked = _nobody,
    ) -> None:
        self._decode = decode
        self._queue = queue
        self._metrics = metrics
        self._window_s = window_ms / 1000
        self._worked = worked
        self._wake = threading.Condition()
        self._stopping = False
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="device", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()
        self._queue.clear()

    def submit(self, job: Job) -> None:
        """Raises QueueFullError at once rather than let a person wait for long."""
        with self._wake:
            self._queue.put(job)
            self._wake.notify_all()

    @property
    def waiting(self) -> int:
        with self._wake:
            return len(self._queue)

    @property
    def oldest_age_s(self) -> float:
        with self._wake:
            oldest_s = self._queue.oldest_s
        return 0.0 if oldest_s is None else time.monotonic() - oldest_s

    @property
    def is_idle(self) -> bool:
        with self._wake:
            return not self._busy and not len(self._queue)

    def _run(self) -> None:
        while True:
            batch = self._next()
            if batch is None:
                return
            if batch:
                self._work(batch)
            with self._wake:
                self._busy = False

    def _next(self) -> list[Job] | None:
        with self._wake:
            while not len(self._queue) and not self._stopping:
                self._wake.wait()
            if self._stopping:
                return None
            wait_s = self._window_s - (time.monotonic() - (self._queue.oldest_s or 0.0))
        if wait_s > 0:
            time.sleep(wait_s)
        with self._wake:
            self._busy = True
            return self._queue.take(time.monotonic())

    def _work(self, batch: list[Job]) -> None:
        began_s = time.monotonic()
        try:
            results = self._decode(batch)
        except Exception as error:  # one bad batch must not stop the device's thread
            logger.exception("decoding %d utterances with %s", len(batch), batch[0].model)
            for job in batch:
                job.future.set_exception(error)
            model, adapter = batch[0].model, batch[0].adapter
            self._metrics.count("auscult_engine_failures_total", len(batch), model=model, adapter=adapter)
            return
        ended_s = time.monotonic()
        self._worked(batch[0].lane, began_s, ended_s, max(began_s - job.queued_at_s for job in batch))
        self._measure(batch, began_s, ended_s)
        for job, result in zip(batch, results, strict=True):
            job.future.set_result((result, began_s - job.queued_at_s, ended_s - began_s))

    def _measure(self, batch: list[Job], began_s: float, ended_s: float) -> None:
        by_model = {"model": batch[0].model, "adapter": batch[0].adapter}
        sound_s, decode_s = sum(job.duration_s for job in batch), ended_s - began_s
        self._metrics.observe("auscult_engine_batch_size", len(batch), **by_model)
        self._metrics.observe("auscult_engine_batch_fill", len(batch) / self._queue.max_batch)
        self._metrics.observe("auscult_engine_decode_seconds", decode_s, **by_model)
        self._metrics.observe("auscult_engine_real_time_factor", decode_s / sound_s, **by_model)
        self._metrics.count("auscult_engine_audio_seconds_total", sound_s, **by_model)
        for job in batch:
            self._metrics.observe("auscult_engine_queue_seconds", began_s - job.queued_at_s, lane=job.lane)
