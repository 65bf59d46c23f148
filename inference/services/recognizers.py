"""This worker process's recogniser, loaded once and kept. Heavy: never in the web process."""

from functools import lru_cache

from speech.recognizer import Recognizer, load


@lru_cache(maxsize=2)
def recognizer(ref: str) -> Recognizer:
    """Raises speech.recognizer.ModelLoadError."""
    # The pool has a process for each core: more threads would only wait for each other (3 times slower).
    return load(ref, threads=1)
