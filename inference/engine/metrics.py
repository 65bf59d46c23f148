"""What the engine counts and times, for Prometheus: one registry an engine, every name declared here.

Labels are few: a lane, a reason, a flag of the decoder, a model's folder. Never a session, never a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

KEPT_LABELS = 32  # models and adapters told apart; the rest is "other": a label must not grow for ever
SIZES = (1, 2, 4, 8, 16, 32)
DECODE_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
QUEUE_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
REAL_TIME = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5)


@dataclass(frozen=True, slots=True)
class Declared:
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


BY_MODEL = ("model", "adapter")
COUNTERS = {
    "auscult_engine_requests_total": Declared("Requests taken", ("lane", *BY_MODEL)),
    "auscult_engine_refused_total": Declared("Requests turned away with 503", ("lane",)),
    "auscult_engine_dropped_total": Declared("Requests given up before decoding", ("lane", "reason")),
    "auscult_engine_rejected_total": Declared("Texts held back as hallucinations", ("flag",)),
    "auscult_engine_failures_total": Declared("Utterances whose batch broke", BY_MODEL),
    "auscult_engine_audio_seconds_total": Declared("Speech decoded", BY_MODEL),
    "auscult_engine_halved_total": Declared("Batches cut in two for want of memory"),
    "auscult_engine_device_lost_total": Declared("Times that the accelerator was lost"),
    "auscult_engine_device_regained_total": Declared("Times that it came back"),
}
HISTOGRAMS = {
    "auscult_engine_batch_size": Declared("Utterances decoded together", BY_MODEL, SIZES),
    "auscult_engine_batch_fill": Declared(
        "Share of the largest batch that is used", (), (0.125, 0.25, 0.5, 0.75, 1)
    ),
    "auscult_engine_decode_seconds": Declared("Decoding a batch", BY_MODEL, DECODE_S),
    "auscult_engine_queue_seconds": Declared("Waiting to be decoded", ("lane",), QUEUE_S),
    "auscult_engine_real_time_factor": Declared(
        "Seconds of decoding for a second of speech, a batch", BY_MODEL, REAL_TIME
    ),
}
GAUGES = {
    "auscult_engine_ready": Declared("1 when it can decode"),
    "auscult_engine_waiting": Declared("Requests in the queue"),
    "auscult_engine_queue_age_seconds": Declared("How long the oldest request waits"),
    "auscult_engine_active_sessions": Declared("Sessions that asked for something a moment ago"),
    "auscult_engine_capacity_sessions": Declared("Speakers it measured that it can serve"),
    "auscult_engine_pressure": Declared("0 all well, 1 to 3: how much it saves work"),
    "auscult_engine_fallback": Declared("1 while it decodes on the CPU because the GPU is lost"),
    "auscult_engine_models": Declared("Models in memory"),
    "auscult_engine_adapters": Declared("Adapters in memory"),
}


class Metrics:
    """Names must be declared above (KeyError otherwise); labels that are not given are empty."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters = {
            name: Counter(name, it.about, it.labels, registry=self.registry) for name, it in COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(name, it.about, it.labels, registry=self.registry, buckets=it.buckets)
            for name, it in HISTOGRAMS.items()
        }
        self._gauges = {
            name: Gauge(name, it.about, it.labels, registry=self.registry) for name, it in GAUGES.items()
        }
        self._folders: set[str] = set()

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        declared = COUNTERS[name].labels
        counter = self._counters[name]
        (counter.labels(*self._values(declared, labels)) if declared else counter).inc(by)

    def observe(self, name: str, value: float, **labels: str) -> None:
        declared = HISTOGRAMS[name].labels
        histogram = self._histograms[name]
        (histogram.labels(*self._values(declared, labels)) if declared else histogram).observe(value)

    def text(self, **gauges: float) -> str:
        """The exposition; `gauges` are values of this moment."""
        for name, value in gauges.items():
            self._gauges[name].set(value)
        return generate_latest(self.registry).decode()

    def _values(self, declared: tuple[str, ...], labels: Mapping[str, str]) -> list[str]:
        return [self._bounded(name, labels.get(name, "")) for name in declared]

    def _bounded(self, name: str, value: str) -> str:
        """A model or adapter by its folder's name, as long as there are not too many of them."""
        if name not in BY_MODEL or not value:
            return value
        folder = PurePath(value).name
        if folder not in self._folders:
            if len(self._folders) >= KEPT_LABELS:
                return "other"
            self._folders.add(folder)
        return folder
