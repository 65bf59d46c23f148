"""Errors put right per expert minute, by the order in which segments are served.

Works on the drafts of the base model in the data folder of a finished `make loop`; the expert is that of
the loop (benchmarks/loop/expert.py). After every 50 corrections trust and pace are fitted anew on what was
corrected so far, as in the product. One round: what the corrections teach the model is not counted here.
Run: `python -m benchmarks.ranking [--data var/loop] [--quick]`
"""

import argparse
import os
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, emit
from benchmarks.loop.work_time import seconds_of

BUDGET_SHARE = 0.25  # of the time that correcting everything would take
REFIT_EVERY = 50
PEERS = {"random": 0.60, "least_confidence": 0.85}  # bars on the time that the same errors take


@dataclass(frozen=True, slots=True)
class Work:
    """A segment with what only the expert knows."""

    candidate: object
    reference: str
    recording: str
    errors: int
    seconds: float


def load() -> list[Work]:
    """The segments of the demo recordings with the first draft that each got."""
    from annotation.models import Hypothesis
    from annotation.ranking.priority import Candidate
    from annotation.selectors.calibrations import heard_of
    from annotation.selectors.terms import lexicon_of
    from speech.metrics import cer
    from training.demo.references import References

    references, works, seen = References.load(), [], set()
    for row in Hypothesis.objects.select_related("segment__recording").order_by("id").iterator():
        segment, recording = row.segment, str(row.segment.recording.uuid)
        if segment.pk in seen or recording not in references.words:
            continue
        seen.add(segment.pk)
        segment.hypothesis = row
        said = references.text(recording, segment.start_ms, segment.end_ms)
        errors = cer(said, row.text).errors
        candidate = Candidate(
            str(segment.uuid), heard_of(segment, lexicon_of(segment.site_id)), row.flags, segment.duration_ms
        )
        works.append(Work(candidate, said, recording, errors, seconds_of(segment.duration_ms, errors)))
    return works


def curve(works: Sequence[Work], name: str, seed: int) -> list[tuple[float, int]]:
    """(seconds, errors put right) after each correction until the budget is spent."""
    from annotation.ranking.priority import NOTHING_YET
    from annotation.ranking.strategies import STRATEGIES

    rng = random.Random(seed)
    budget_s = BUDGET_SHARE * sum(work.seconds for work in works)
    left, done, known = list(works), [], NOTHING_YET
    seconds, errors, points = 0.0, 0, [(0.0, 0)]
    rng.shuffle(left)
    while left and seconds < budget_s:
        scores = STRATEGIES[name]([work.candidate for work in left], known, rng)  # type: ignore[misc]
        order = sorted(range(len(left)), key=lambda i: -scores[i])[:REFIT_EVERY]
        for index in order:
            seconds, errors = seconds + left[index].seconds, errors + left[index].errors
            points.append((seconds, errors))
        done += [left[index] for index in order]
        chosen = set(order)
        left = [work for index, work in enumerate(left) if index not in chosen]
        known = known_from(done)
    return points


def known_from(done: Sequence[Work]):  # type: ignore[no-untyped-def]
    """What the corrections so far teach the queue."""
    from annotation.ranking.calibration import Corrected
    from annotation.ranking.effort import Spent
    from benchmarks.learned import learned
    from speech.lexicon import Lexicon
    from speech.text import characters

    corrected = [Corrected(w.candidate.heard, w.reference, w.recording) for w in done]  # type: ignore[attr-defined]
    spent = [
        Spent(round(1000 * w.seconds), w.candidate.duration_ms, w.errors, len(characters(w.reference)))  # type: ignore[attr-defined]
        for w in done
    ]
    return learned(corrected, spent, Lexicon([]))


def seconds_to(points: Sequence[tuple[float, int]], errors: float) -> float:
    """When so many errors were put right; the end where that was never reached."""
    return next((seconds for seconds, count in points if count >= errors), points[-1][0])


def main(seeds: int, command: str) -> None:
    from annotation.ranking.strategies import STRATEGIES

    works = load()
    if not works:
        raise SystemExit("There are no drafts here: run `make loop` first, or name its folder with --data.")
    curves = {name: [curve(works, name, seed) for seed in range(seeds)] for name in STRATEGIES}
    for name, runs in curves.items():
        rate = statistics.median(60 * points[-1][1] / points[-1][0] for points in runs)
        emit(Figure("ranking", f"errors_per_minute_{name}", round(rate, 2), "errors/min", command))
    for peer, bar in PEERS.items():
        ratios = [
            seconds_to(ours, theirs[-1][1]) / theirs[-1][0]
            for ours, theirs in zip(curves["errors_per_second"], curves[peer], strict=True)
        ]
        value = round(statistics.median(ratios), 3)
        emit(
            Figure(
                "ranking",
                f"time_for_the_same_errors_vs_{peer}",
                value,
                "share",
                command,
                peer=peer,
                peer_value=1.0,
                ratio=value,
                bar=bar,
                holds=value <= bar,
            )
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var/loop"))
    parser.add_argument("--quick", action="store_true", help="3 seeds in place of 10")
    arguments = parser.parse_args()
    os.environ["AUSCULT_DATA_DIR"] = str(arguments.data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    import django

    django.setup()
    main(3 if arguments.quick else 10, f"python -m benchmarks.ranking --data {arguments.data}")
