"""`make loop`: recording to better live model, measured. Prints stages with seconds, then one JSON line."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import numpy as np

from benchmarks.loop.processes import configure, running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var/loop"), help="emptied first")
    parser.add_argument("--segments", type=int, default=330, help="how many the expert corrects")
    parser.add_argument("--small", action="store_true", help="a tenth of it, for tests: proves the way only")
    arguments = parser.parse_args()
    data_dir = arguments.data.resolve()
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir(parents=True)
    addresses = configure(data_dir)

    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.loop import stages

    loop = stages.Loop(addresses, data_dir)
    segments = 24 if arguments.small else arguments.segments
    knobs: dict[str, object] = {"max_steps": 20} if arguments.small else {}
    seconds: dict[str, float] = {}
    with _timed("set-up", seconds):
        call_command("demo", small=arguments.small, stdout=StringIO())
    with running(addresses, data_dir / "logs"):
        steps: list[tuple[str, Callable[[], None]]] = [
            ("upload", lambda: stages.upload(loop)),
            ("draft", lambda: stages.draft(loop)),
            ("correct", lambda: stages.correct_segments(loop, segments)),
            ("train", lambda: stages.train(loop, knobs)),
            ("promote", lambda: stages.promote(loop)),
            ("re-draft", lambda: stages.redraft(loop)),
            ("live", lambda: stages.live(loop)),
        ]
        for name, step in steps:
            with _timed(name, seconds):
                step()
    print(json.dumps(figures(loop, seconds), ensure_ascii=False))


def figures(loop, seconds: dict[str, float]) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """The one line: what it cost, what it brought."""
    from annotation.models import Segment
    from benchmarks.loop.stages import evaluation_of
    from training.models import SpeechModel

    new = SpeechModel.objects.get(run=loop.run)
    before = {kind: evaluation_of(loop.run.base_model, kind).corpus_cer for kind in ("medical", "general")}
    after = {kind: evaluation_of(new, kind).corpus_cer for kind in ("medical", "general")}
    return {
        "segments": Segment.objects.count(),
        "corrected": loop.work.corrected,
        "expert_seconds": round(loop.work.seconds),
        "cer_medical_before": round(before["medical"], 4),
        "cer_medical_after": round(after["medical"], 4),
        "cer_general_before": round(before["general"], 4),
        "cer_general_after": round(after["general"], 4),
        "relative_improvement": round(1 - after["medical"] / before["medical"], 4),
        "trainable_parameters": loop.run.trainable_parameters,
        "rank_pattern_total": sum(loop.run.rank_pattern.values()),
        "live_final_latency_ms_p50": round(float(np.percentile(loop.latencies_ms, 50))),
        "live_final_latency_ms_p95": round(float(np.percentile(loop.latencies_ms, 95))),
        "lost_audio_ms": round(loop.lost_audio_ms),
        "seconds_total": round(sum(seconds.values())),
    }


@contextmanager
def _timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.monotonic()
    print(f"{name:<10}", end="", flush=True, file=sys.stderr)
    try:
        yield
    finally:
        seconds[name] = time.monotonic() - started
        print(f"{seconds[name]:7.1f} s", flush=True, file=sys.stderr)


if __name__ == "__main__":
    main()
