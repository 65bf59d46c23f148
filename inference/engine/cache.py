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

    def get(self, ref: str) -> Recognizer:
        """A model that the caller holds and that request() has delivered. KeyError after clear()."""
        with self._lock:
            return self._loaded[ref]

    def clear(self) -> None:
        """Forgets every model: the next request of each loads it anew. A load under way ends as it began."""
        with self._lock:
            self._loaded.clear()
            self._loading.clear()

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
        try:
            model = self._load(ref)
        except BaseException:
            with self._lock:
                self._loading.pop(ref, None)  # the next request tries again
            raise
        logger.info("loaded %s", ref)
        with self._lock:
            self._loaded[ref] = model
            self._loading.pop(ref, None)
            self._evict()
        return model

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
