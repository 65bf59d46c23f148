"""This worker process's recogniser, loaded once and kept. It imports torch: never in the web process."""

import sys
from functools import lru_cache

from speech.recognizer import Recognizer, load


@lru_cache(maxsize=2)
def recognizer(ref: str) -> Recognizer:
    """Raises speech.recognizer.ModelLoadError."""
    loaded = load(ref)
    if "torch" in sys.modules:
        # The pool has a process for each core: more threads would only wait for each other (3 times slower).
        sys.modules["torch"].set_num_threads(1)
    return loaded
