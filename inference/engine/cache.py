"""Loaded models: least recently used goes first, one in use never goes, loading never holds a request thread.

Loads run one after the other in a thread of their own; everybody who wants the same model waits for one load.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from speech.recognizer import Recognizer

logger = logging.getLogger(__name__)

LOAD_TRIES = 3  # where clear() comes into each of them, the last is given out and not kept


class ModelCache:
    """`put_away` is told, in the loader's thread, of each model that went."""

    def __init__(
        self,
        load: Callable[[str], Recognizer],
        keep: int = 2,
        put_away: Callable[[Recognizer], None] | None = None,
    ) -> None:
        self._load = load
        self._keep = keep
        self._put_away = put_away
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Recognizer] = OrderedDict()
        self._loading: dict[str, Future[Recognizer]] = {}
        self._users: dict[str, int] = {}
        self._cleared = 0  # how often
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-loader")

    def request(self, ref: str) -> "Future[Recognizer]":
        """The model, now or later. The future raises speech.recognizer.ModelLoadError."""
        with self._lock:
            if ref in self._loaded:
                self._loaded.move_to_end(ref)
                ready: Future[Recognizer] = Future()
                ready.set_result(self._loaded[ref])
                return ready
            if ref not in self._loading:
                self._loading[ref] = self._loader.submit(self._load_one, ref)
            return self._loading[ref]

    @contextmanager
    def held(self, ref: str) -> Iterator[None]:
        """Within the block the model, once loaded, is not put away."""
        with self._lock:
            self._users[ref] = self._users.get(ref, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._users[ref] -= 1
                if not self._users[ref]:
                    del self._users[ref]
                self._evict()

    def used(self, ref: str) -> None:
        """As request() of a model that is loaded, where only its adapters are asked for."""
        with self._lock:
            if ref in self._loaded:
                self._loaded.move_to_end(ref)

    def get(self, ref: str) -> Recognizer:
        """A model that the caller holds and that request() has delivered. KeyError after clear()."""
        with self._lock:
            return self._loaded[ref]

    def clear(self) -> None:
        """Forgets every model: the next request of each loads it anew, and a load under way begins anew."""
        with self._lock:
            self._cleared += 1
            self._loaded.clear()

    def forget(self, ref: str) -> None:
        """One of them; who has it in hand keeps it."""
        with self._lock:
            self._loaded.pop(ref, None)

    def put(self, ref: str, model: Recognizer) -> None:
        with self._lock:
            self._loaded[ref] = model
            self._evict()

    def refs(self) -> list[str]:
        with self._lock:
            return list(self._loaded)

    def close(self) -> None:
        with self._lock:
            self._put_away = None  # nothing is put away any more: the process ends
        self._loader.shutdown(wait=True, cancel_futures=True)

    def _load_one(self, ref: str) -> Recognizer:
        """What a load gives into which clear() came, model or error, is of a device no longer used."""
        tries_left = LOAD_TRIES
        while True:
            tries_left -= 1
            cleared = self._cleared
            try:
                model = self._load(ref)
            except BaseException:
                if self._has_ended(ref, None, cleared, tries_left):  # the next request tries again
                    raise
                continue
            if self._has_ended(ref, model, cleared, tries_left):
                logger.info("loaded %s", ref)
                return model

    def _has_ended(self, ref: str, model: Recognizer | None, cleared: int, tries_left: int) -> bool:
        with self._lock:
            if cleared != self._cleared and tries_left:
                return False
            self._loading.pop(ref, None)
            if model is not None and cleared == self._cleared:
                self._loaded[ref] = model
                self._evict()
            return True

    def _evict(self) -> None:
        for ref in list(self._loaded):
            if len(self._loaded) <= self._keep:
                return
            newest = next(reversed(self._loaded))
            if ref not in self._users and ref != newest:
                model = self._loaded.pop(ref)
                logger.info("put away %s", ref)
                if self._put_away:
                    self._loader.submit(self._put_away, model)
