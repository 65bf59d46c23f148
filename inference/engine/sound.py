"""The body of a request as sound, and the bounds of it."""

import numpy as np
from fastapi import Request

from inference.engine.problems import AudioTooLongError, BadAudioError
from inference.engine.queue import SAMPLE_RATE_HZ

MAX_AUDIO_S = 30
MAX_BODY_BYTES = MAX_AUDIO_S * SAMPLE_RATE_HZ * 2


async def body_of(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Raises AudioTooLongError before more than that is in memory: the length may not be told."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise AudioTooLongError(f"At most {MAX_AUDIO_S} s of audio a request.")
        parts.append(part)
    return b"".join(parts)


def audio_of(body: bytes) -> np.ndarray:
    """PCM16 little-endian 16 kHz mono -> float32 (samples,). Raises BadAudioError."""
    if not body or len(body) % 2:
        raise BadAudioError("The body must be raw 16-bit PCM, 16 kHz, mono, and not empty.")
    return np.frombuffer(body, dtype="<i2").astype(np.float32) / 32768.0
