"""Engines on a Ray cluster of this machine: one is killed while everybody speaks, one comes when many speak
and goes when few do, and no text is lost."""

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

SESSIONS, FINALS, ENDLESS = 6, 8, 1_000_000
KILLED, GROWING = "least=2, most=2", "least=1, most=2, grow_after_s=1, shrink_after_s=2"
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
stand(config, Replicas(cpus=0.5, REPLICAS), "local", Slow)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (find_spec("ray") and find_spec("grpc")),
        reason="Ray Serve is not installed (the extra `cluster`)",
    ),
]


@pytest.fixture
def address(settings, request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a cluster with the replicas of the parameter."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root, program = Path(__file__).parents[3], PROGRAM.replace("REPLICAS", request.param)
    process = subprocess.Popen([sys.executable, "-c", program, str(port)], cwd=root, env=os.environ)
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


async def _finals_of(session: str, heard: list[str], count: int = FINALS, pause_s: float = 0.0) -> None:
    """As a live session does: asks again when it is told to."""
    client = EngineClient(session, BASE)
    for utterance in range(count):
        await asyncio.sleep(pause_s)
        request = FinalWanted(utterance, 1, bytes(32_000), 0, 1000, 900)
        while True:
            try:
                heard.append((await client.hear(request)).text)
                break
            except EngineUnavailableError as error:
                assert error.retry_s is not None, f"a final of {session} is given up: {error}"
                await asyncio.sleep(error.retry_s)
    await client.close()


async def _until_there_are(count: int, address: str) -> None:
    names = [f"who {n}" for n in range(20)]
    while len({await _process_of(address, name) for name in names} - {0}) != count:
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("address", [KILLED], indirect=True)
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


@pytest.mark.parametrize("address", [GROWING], indirect=True)
async def test_a_replica_comes_when_many_speak_and_goes_when_few_do_and_no_final_is_lost(
    address: str,
) -> None:
    heard: list[str] = []
    async with asyncio.timeout(240), asyncio.TaskGroup() as speaking:
        many = [speaking.create_task(_finals_of(f"many {n}", heard, ENDLESS)) for n in range(SESSIONS)]
        await _until_there_are(2, address)
        few = [speaking.create_task(_finals_of(f"few {n}", heard, ENDLESS, pause_s=0.5)) for n in range(2)]
        for one in many:
            one.cancel()
        await _until_there_are(1, address)
        for one in few:
            one.cancel()
    assert heard and set(heard) == {"一百四十"}
