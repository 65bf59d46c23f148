"""The same way with nothing faked: the bundled model, three processes, HTTP, Celery, torchrun, WebSockets."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.slow
def test_a_small_round_with_the_bundled_model(tmp_path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DJANGO_SETTINGS_MODULE", "AUSCULT_DATA_DIR", "DATABASE_URL", "AUSCULT_REDIS_URL"}
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loop", "--small", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=environment,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["corrected"] == 24
    assert figures["lost_audio_ms"] == 0
    assert figures["rank_pattern_total"] > 0
    assert figures["trainable_parameters"] > 0
    # 20 steps prove the way, they teach nothing; what learning is worth is measured by the whole `make loop`.
    assert all(0 < figures[f"cer_{kind}_after"] < 1 for kind in ("medical", "general"))
    assert figures["live_final_latency_ms_p50"] > 0
