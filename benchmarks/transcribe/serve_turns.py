"""One system in a process of its own: it loads, says "ready", and transcribes a file for every line it reads.

So that all of them stand loaded side by side and take turns, and a busy minute of the machine meets each.
Imports nothing of ours: the environments of the peers do not have it.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Transcribe = Callable[[list[Any]], list[str]]


def serve(transcribe: Transcribe, about: dict[str, Any]) -> None:
    """Reads paths of .npz files (benchmarks/transcribe/material.py) from stdin until it ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    print(json.dumps(about), file=answers, flush=True)
    for line in sys.stdin:
        file = np.load(line.strip())
        sounds = np.split(file["audio"], file["ends"][:-1])
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        texts = transcribe(sounds)
        taken = {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}
        print(json.dumps({**taken, "texts": texts}, ensure_ascii=False), file=answers, flush=True)
