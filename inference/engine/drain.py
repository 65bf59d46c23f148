"""A gentle end: on SIGTERM nothing new is taken (503), what waits is decoded, then the process ends.

uvicorn alone would close its socket at once; a proxy, or a client that keeps a connection, then sees an error
in place of "ask elsewhere". A second signal ends it now.
"""

import logging
import threading
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from inference.engine.engine import Engine

logger = logging.getLogger(__name__)

NOTICE_S = 1.0  # so long 503 is answered at least: whoever asks for the health sees it
LOOK_EVERY_S = 0.05


class DrainingServer(uvicorn.Server):
    def __init__(self, app: FastAPI, host: str, port: int, drain_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                access_log=False,
                timeout_graceful_shutdown=max(1, round(drain_s)),
            )
        )
        self._engine: Engine = app.state.engine
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._engine.is_draining:
            super().handle_exit(sig, frame)
            return
        logger.info("no new requests; finishing those that wait")
        self._engine.drain()
        threading.Thread(target=self._end_when_done, name="drain", daemon=True).start()

    def _end_when_done(self) -> None:
        began_s = time.monotonic()
        while time.monotonic() - began_s < self._drain_s:
            is_noticed = time.monotonic() - began_s >= NOTICE_S
            if is_noticed and self._engine.batcher.is_idle:
                break
            time.sleep(LOOK_EVERY_S)
        self.should_exit = True
