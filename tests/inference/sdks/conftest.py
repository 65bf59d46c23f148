"""One stack and one run of each vendor's client; the tests look at what they came back with."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.inference.sdks.environments import Environment, ready
from tests.inference.sdks.stack import Stack, running
from tests.inference.speech import dictation_wav

CLIENTS = Path(__file__).parent / "clients"
SECONDS = 120

Said = dict[str, Any]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="package")
def said_by(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], Said]:
    """Runs clients/<name>.py in its environment -> the JSON that it prints last."""
    sound = tmp_path_factory.mktemp("sound") / "dictation.wav"
    sound.write_bytes(dictation_wav())

    def run(environment: Environment) -> Said:
        command = [str(ready(environment)), "-I", str(CLIENTS / f"{environment.name}.py")]
        variables = {"URL": stack.url, "KEY": stack.key, "SOUND": str(sound), "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], **variables},
            cwd=sound.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run
