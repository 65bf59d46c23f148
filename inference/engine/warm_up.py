"""What is decoded before the first person comes: noise of every length, as a final and as a partial."""

from collections.abc import Iterator

import numpy as np

from inference.engine.asks import Ask
from inference.engine.queue import LENGTH_BUCKETS_S, SAMPLE_RATE_HZ, Lane

WARM_UP = "warm-up"  # the session's name; its texts are cut short
LONGEST_S = 30.0


def warm_up_asks() -> Iterator[Ask]:
    """The usual length first: where the time is short, the rest is left out."""
    lengths_s = sorted((*LENGTH_BUCKETS_S, LONGEST_S), key=lambda length_s: abs(length_s - 4.0))
    random = np.random.default_rng(0)
    for length_s in lengths_s:
        noise = (random.standard_normal(int(length_s * SAMPLE_RATE_HZ)) * 1e-3).astype(np.float32)
        for lane in (Lane.FINAL, Lane.PARTIAL):
            yield Ask(noise, lane=lane, session=WARM_UP, word_times=lane is Lane.FINAL)
