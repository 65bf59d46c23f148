"""Counters and histograms in Prometheus' text form. A few lines instead of a dependency."""

import threading
from collections import defaultdict

EDGES = {
    "auscult_engine_batch_size": (1, 2, 4, 8, 16, 32),
    "auscult_engine_decode_seconds": (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    "auscult_engine_queue_seconds": (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
}


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, float] = defaultdict(float)
        self._buckets: dict[str, list[int]] = {name: [0] * (len(edges) + 1) for name, edges in EDGES.items()}
        self._sums: dict[str, float] = defaultdict(float)

    def count(self, name: str, by: float = 1) -> None:
        with self._lock:
            self._counts[name] += by

    def observe(self, name: str, value: float) -> None:
        """`name` must be one of EDGES."""
        with self._lock:
            self._buckets[name][sum(value > edge for edge in EDGES[name])] += 1
            self._sums[name] += value

    def text(self, **gauges: float) -> str:
        """The exposition; `gauges` are values of this moment."""
        with self._lock:
            lines = [
                line for name, value in gauges.items() for line in (f"# TYPE {name} gauge", f"{name} {value}")
            ]
            for name, value in sorted(self._counts.items()):
                lines += [f"# TYPE {name} counter", f"{name} {value}"]
            for name, edges in EDGES.items():
                lines.append(f"# TYPE {name} histogram")
                total = 0
                for edge, count in zip([*map(str, edges), "+Inf"], self._buckets[name], strict=True):
                    total += count
                    lines.append(f'{name}_bucket{{le="{edge}"}} {total}')
                lines += [f"{name}_sum {self._sums[name]}", f"{name}_count {total}"]
        return "\n".join(lines) + "\n"
