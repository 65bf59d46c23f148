"""Real speech for tests of what programs send: two sentences with silence around them."""

from speech.audio import float_to_pcm16, wav_bytes
from tests.annotation.sounds import spoken

DURATION_S = len(spoken()) / 16_000


def dictation_pcm() -> bytes:
    return float_to_pcm16(spoken())


def dictation_wav() -> bytes:
    return wav_bytes(spoken())
