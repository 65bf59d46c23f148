"""Two engines on a Ray cluster of this machine: one is killed while everybody speaks, and no text is lost."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from inference.consumers.hearing import EngineClient, EngineUnavailableError
from inference.streaming.events import FinalWanted

SESSIONS, FINALS = 6, 8
BASE = "fake:一百四十"
# In a process of its own: Ray reads its settings when it is imported. The recogniser takes its time, so that
# whoever is killed is killed in the middle of something.
PROGRAM = f"""
import sys, time
from pathlib import Path
from inference.engine.config import EngineConfig
from inference.engine.serve import Replicas, stand
from speech.backends.fake import FakeRecognizer

class Slow(FakeRecognizer):
    def transcribe(self, batch, options):
        time.sleep(0.15)
        return super().transcribe(batch, options)

config = EngineConfig("{BASE}", Path("/nonexistent"), port=int(sys.argv[1]), max_batch=2)
stand(config, Replicas(least=2, most=2, cpus=0.5), "local", Slow)
"""


@pytest.fixture
def address(settings) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], cwd=root, env=os.environ)
    settings.AUSCULT_ENGINE_URL = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(settings.AUSCULT_ENGINE_URL, process)
        yield settings.AUSCULT_ENGINE_URL
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait_until_ready(address: str, process: subprocess.Popen) -> None:
    deadline_s = time.monotonic() + 150
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the cluster ended before it began"
        try:
            if httpx.get(f"{address}/health", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    pytest.fail("the cluster never came up")


async def _process_of(address: str, session: str) -> int:
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        answer = await client.get("/health", headers={"X-Session": session})
    return answer.json()["process"] if answer.status_code == 200 else 0


async def _spread(address: str) -> dict[int, list[str]]:
    """-> SESSIONS names, half of them with each replica: where a name goes is Serve's to draw.

    Asked until two rounds agree: the ring turns once more when the second replica comes.
    """
    names, half = [f"session {n}" for n in range(SESSIONS * 8)], SESSIONS // 2
    before: dict[int, list[str]] = {}
    while True:
        places: dict[int, list[str]] = {}
        for name in names:
            places.setdefault(await _process_of(address, name), []).append(name)
        if (
            places == before
            and 0 not in places
            and len(places) == 2
            and min(map(len, places.values())) >= half
        ):
            return {place: there[:half] for place, there in places.items()}
        before = places
        await asyncio.sleep(0.5)


async def _finals_of(session: str, heard: list[str]) -> None:
    """As a live session does: asks again when it is told to."""
    client = EngineClient(session, BASE)
    for utterance in range(FINALS):
        request = FinalWanted(utterance, 1, bytes(32_000), 0, 1000, 900)
        while True:
            try:
                heard.append((await client.hear(request)).text)
                break
            except EngineUnavailableError as error:
                assert error.retry_s is not None, f"a final of {session} is given up: {error}"
                await asyncio.sleep(error.retry_s)
    await client.close()


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("ray") and find_spec("grpc")), reason="Ray Serve is not installed (the extra `cluster`)"
)
async def test_a_replica_is_killed_under_load_and_no_final_is_lost(address: str) -> None:
    async with asyncio.timeout(120):
        places = await _spread(address)
    names = [name for there in places.values() for name in there]
    victim = next(iter(places))

    heard: list[str] = []
    async with asyncio.timeout(120), asyncio.TaskGroup() as speaking:
        for name in names:
            speaking.create_task(_finals_of(name, heard))
        while len(heard) < SESSIONS:
            await asyncio.sleep(0.02)
        os.kill(victim, signal.SIGKILL)

    assert heard == ["一百四十"] * (SESSIONS * FINALS)
    assert victim not in [await _process_of(address, name) for name in names]
