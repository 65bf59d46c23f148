"""Held-out CER against expert minutes, for every strategy of the queue.

Run: `python -m benchmarks.active_learning [--quick] [--out PATH]`
Writes <out>.json and <out>.png; what stands in <out>.json is not done again. The demo hospital and the
bundled model, the true texts as the expert's, time by the model in expert.py, a retrained model after each
round. Half an hour on one idle core; --quick is one seed of a small hospital, to see that it runs.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path

from benchmarks.figures import Figure, emit

BASE = "models/auscult-base"
OURS = "errors_per_second"
PEERS = {"random": ("minutes_vs_random", 0.60), "least_confidence": ("minutes_vs_least_confidence", 0.85)}
FULL = {"recordings": 60, "medical_set": 120, "replay": 150}
QUICK = {"recordings": 24, "medical_set": 40, "replay": 40}


Curves = dict[str, list[list[dict[str, float]]]]  # strategy -> seed -> points


def minutes_to(curve: Sequence[dict[str, float]], cer: float) -> float:
    """Expert minutes until the curve is as low, on straight lines between its points; inf: it never is."""
    for before, after in pairwise(curve):
        if after["cer"] <= cer:
            share = (before["cer"] - cer) / max(1e-9, before["cer"] - after["cer"])
            return before["minutes"] + max(0.0, share) * (after["minutes"] - before["minutes"])
    return inf


def run(names: Sequence[str], seeds: int, quick: bool, kept: Path) -> Curves:
    """Every campaign that is not in `kept` yet; it is written there as soon as it is done."""
    import django

    django.setup()
    import torch

    from benchmarks.active_learning.campaign import Budget, campaign
    from benchmarks.active_learning.pool import build
    from benchmarks.active_learning.teacher import Teacher, hear
    from speech.grammar import DEMO_LEXICON
    from speech.lexicon import Lexicon, Term
    from speech.metrics import cer, total
    from training.demo.script import Sizes

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    hospital = build(Sizes(**(QUICK if quick else FULL), general_set=1, dictations=0))
    lexicon = Lexicon(Term(term) for term in DEMO_LEXICON.terms())
    budget = Budget(5.0, 2) if quick else Budget(15.0, 3)
    curves: Curves = json.loads(kept.read_text()) if kept.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        teacher = Teacher(BASE, hospital, Path(folder))
        base = teacher.base()
        drafts, heard = hear(base, hospital.pool), hear(base, hospital.held_out)
        base_cer = total(cer(s.said, h.text) for s, h in zip(hospital.held_out, heard, strict=True)).rate
        for seed in range(seeds):
            for name in names:
                if len(curves.setdefault(name, [])) > seed:
                    continue
                points = campaign(hospital, teacher, drafts, name, seed, budget, lexicon, base_cer)
                curves[name].append([asdict(point) for point in points])
                kept.write_text(json.dumps(curves, indent=1))
                print(f"seed {seed} {name}: {[round(point.cer, 4) for point in points]}", flush=True)
    return curves


def figures(curves: Curves, command: str) -> None:
    for peer, (figure, bar) in PEERS.items():
        ratios = sorted(
            minutes_to(ours, theirs[-1]["cer"]) / theirs[-1]["minutes"]
            for ours, theirs in zip(curves[OURS], curves[peer], strict=True)
        )
        value = statistics.median(ratios)
        emit(
            Figure(
                "active_learning",
                figure,
                round(value, 3) if isfinite(value) else None,
                "share",
                command,
                peer=peer,
                peer_value=1.0,
                ratio=round(value, 3) if isfinite(value) else None,
                bar=bar,
                holds=value <= bar,
                more={"low": _shown(ratios[0]), "high": _shown(ratios[-1]), "seeds": len(ratios)},
            )
        )


def _shown(ratio: float) -> float | None:
    """None: not reached with the whole budget."""
    return round(ratio, 3) if isfinite(ratio) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strategies", default="random,least_confidence,entropy,longest,errors_per_second")
    parser.add_argument("--out", type=Path, default=Path("var/bench/active_learning"))
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    names = ["random", "least_confidence", OURS] if arguments.quick else arguments.strategies.split(",")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    kept = arguments.out.with_suffix(".json")
    if arguments.quick:
        kept.unlink(missing_ok=True)
    curves = run(names, 1 if arguments.quick else arguments.seeds, arguments.quick, kept)
    from benchmarks.active_learning.plot import draw

    draw(curves, arguments.out.with_suffix(".png"))
    figures(curves, f"python -m benchmarks.active_learning{' --quick' if arguments.quick else ''}")


if __name__ == "__main__":
    main()
