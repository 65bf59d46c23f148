"""Which sentences are never trained on: decided by the text itself, so no list has to be kept.

Whatever scores the bundled base draws its sentences here (a twentieth of all possible ones).
"""

import random
import zlib
from collections.abc import Callable

from speech.grammar.general import general_sentence

HELD_OUT_SHARE = 20  # one sentence in so many


def is_held_out(text: str) -> bool:
    """True for a fixed twentieth of all possible sentences."""
    return zlib.crc32(text.encode()) % HELD_OUT_SHARE == 0


def held_out_sentence(rng: random.Random, draw: Callable[[random.Random], str] = general_sentence) -> str:
    """A sentence of the grammar that pretraining never uses."""
    while not is_held_out(text := draw(rng)):
        pass
    return text
