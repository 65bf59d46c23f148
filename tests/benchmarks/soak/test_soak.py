"""The soak itself, for a minute: real web, real engine, the bundled model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.alone
def test_a_minute_of_dictation_is_complete():
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = {}
    for line in done.stdout.splitlines():
        figure = json.loads(line)
        figures[figure["figure"], figure.get("process", "")] = figure
    assert not figures["lost_audio_ms", ""]["problems"], figures
    assert figures["lost_audio_ms", ""]["utterances"] > 4 * 4, figures
    # Memory and lag are for long runs and idle machines; here it counts that they were measured at all.
    assert figures["memory_growth", "web"]["value"] is not None
    assert figures["memory_growth", "engine"]["value"] is not None
    assert figures["final_latency_growth_ms", ""]["value"] is not None
    assert figures["lost_audio_ms", ""]["value"] == 0
    assert figures["unfinished_utterances", ""]["value"] == 0
    assert figures["cer", ""]["value"] < 0.2
