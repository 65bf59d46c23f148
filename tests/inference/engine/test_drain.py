"""The engine as a process: it answers what it was asked before it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.alone
SECOND = bytes(32_000)
# A recogniser that takes its time, in a process of its own.
PROGRAM = """
import sys, time
from pathlib import Path
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.engine.drain import DrainingServer
from speech.backends.fake import FakeRecognizer

class Slow(FakeRecognizer):
    def transcribe(self, batch, options):
        if options.max_new_tokens > 8:  # not the warm-up
            time.sleep(0.4)
        return super().transcribe(batch, options)

config = EngineConfig(base_model="fake:一百四十", data_dir=Path("/nonexistent"), max_batch=1)
DrainingServer(create_app(config, Slow), "127.0.0.1", int(sys.argv[1]), 20).run()
"""


@pytest.fixture
def engine() -> Iterator[tuple[subprocess.Popen, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], cwd=root, env=os.environ)
    address = f"http://127.0.0.1:{port}"
    try:
        _until(lambda: _status(f"{address}/health") == 200, 60)
        yield process, address
    finally:
        process.kill()
        process.wait()


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s, "it never came to that"
        time.sleep(0.02)


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def _let_in(client: httpx.Client) -> float:
    """Requests that were not turned away so far."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return sum(one.value for one in samples if one.name == "auscult_engine_requests_total")


def test_what_waits_is_answered_and_what_comes_later_is_sent_away(engine) -> None:
    process, address = engine
    with ThreadPoolExecutor(4) as pool, httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        before = _let_in(client)
        asked = [pool.submit(client.post, "/v1/transcribe", content=SECOND) for _ in range(4)]
        _until(lambda: _let_in(client) == before + 4, 10)
        process.send_signal(signal.SIGTERM)
        _until(lambda: client.get("/health").status_code == 503, 5)
        late = client.post("/v1/transcribe", content=SECOND)
        assert [answer.result(30).json()["text"] for answer in asked] == ["一百四十"] * 4
    assert (late.status_code, late.headers["Retry-After"]) == (503, "1")
    assert process.wait(20) == 0
