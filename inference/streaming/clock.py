"""Sample-exact time of one session. Counting samples, never adding milliseconds, it cannot drift."""

SAMPLE_RATE_HZ = 16_000
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000
BYTES_PER_SAMPLE = 2


def to_ms(samples: int) -> int:
    return samples // SAMPLES_PER_MS


def to_samples(milliseconds: int) -> int:
    return milliseconds * SAMPLES_PER_MS


def bytes_to_ms(count: int) -> int:
    return to_ms(count // BYTES_PER_SAMPLE)
