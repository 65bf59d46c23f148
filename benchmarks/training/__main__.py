"""How fast training is beside transformers' own recipe: same data, model, utterances and epochs, in one run.

On a CPU the bundled model is tuned and its CER taken after; where there is an accelerator, a Whisper of
turbo's size with random weights in bf16 on top of it (speed and memory only).
Run: `python -m benchmarks.training [--quick] [--repeats 3]`
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, emit

COMMAND = "python -m benchmarks.training"
PEER = "transformers Seq2SeqTrainer, windows of 30 s"
BASE = str(Path(__file__).resolve().parents[2] / "models" / "auscult-base")
BATCH, RATE = 16, 3e-4
SPEED_BAR = 5.0


def job_of(base_ref: str, epochs: int, mean_s: float) -> dict[str, Any]:
    """Both go through the same utterances as often, about as many to a step, at the same rate."""
    config = {
        "method": "full",
        "adapter_strength": 1.0,
        "augment": False,
        "fused_optimizer": True,  # as the peer
        "replay_share": 0.0,
        "dev_share": 0.0,
        "learning_rate": RATE,
        "warmup_share": 0.1,
        "final_lr_share": 0.0,
        "epochs": float(epochs),
        "batch_s": BATCH * (mean_s + 0.2),
        "micro_batch_s": BATCH * (mean_s + 0.2),
        "max_chars_per_s": 1000.0,
        "checkpoint_every_steps": 10_000,
        "log_every_steps": 10_000,
        "merge_tolerance": 0.01,
    }
    return {"base_ref": base_ref, "epochs": epochs, "batch": BATCH, "config": config}


def run_recipe(name: str, folder: Path, job: dict[str, Any]) -> dict[str, float]:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(job))
    command = [sys.executable, "-m", "benchmarks.training.recipes", name, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def cer_of(model: Path, folder: Path, window: str) -> float:
    from speech import manifest, metrics, recognizer
    from training.pipeline.config import PipelineConfig
    from training.pipeline.evaluate import decode, options_of

    rows = manifest.read(folder / "test.jsonl")
    heard = decode(
        recognizer.load(str(model), "transformers"),
        rows,
        folder,
        options_of(PipelineConfig(), window),
        16,
        "",
    )
    return metrics.total(one.count for one in heard).rate


def measure(folder: Path, job: dict[str, Any], audio_s: float, device: str, repeats: int) -> None:
    """In turn, so that what else the machine does falls on both."""
    found: dict[str, list[dict[str, float]]] = {"stock": [], "ours": []}
    for number in range(repeats):
        for name in found:
            target = folder / f"{device}-{number}"
            target.mkdir(exist_ok=True)
            for shared in ("train", "test", "train.jsonl", "test.jsonl"):
                if not (target / shared).exists():
                    (target / shared).symlink_to(folder / shared)
            found[name].append(run_recipe(name, target, job))
    speed = {name: [audio_s / one["seconds"] for one in runs] for name, runs in found.items()}
    memory = {name: statistics.median(one["peak_memory_mb"] for one in runs) for name, runs in found.items()}
    ratio = statistics.median(one / other for one, other in zip(speed["ours"], speed["stock"], strict=True))
    mine = {key: found["ours"][-1][key] for key in ("padding_ratio", "mfu")}
    more = {"device": device, "repeats": repeats, "machine_load": os.getloadavg()[0], **mine}
    ours_s, stock_s = (statistics.median(speed[name]) for name in ("ours", "stock"))
    tell("audio_seconds_per_second", ours_s, "s/s", stock_s, ratio, SPEED_BAR, ratio >= SPEED_BAR, more)
    lighter = memory["ours"] / memory["stock"]
    more = {"device": device, "ours_mb": memory["ours"], "stock_mb": memory["stock"]}
    tell("peak_memory_ratio", lighter, "", 1.0, lighter, 1.0, lighter < 1, more)


def compare_cer(folder: Path, repeats: int) -> None:
    """Each decoded with the windows that it would be served with."""
    ours, stock = [], []
    for number in range(repeats):
        target = folder / f"cpu-{number}"
        ours.append(cer_of(target / "ours/merge/model", target, "speech"))
        stock.append(cer_of(target / "stock/model", target, "padded"))
    mine, theirs = statistics.median(ours), statistics.median(stock)
    more = {
        "device": "cpu",
        "cer_ours": mine,
        "cer_stock": theirs,
        "cer_base": cer_of(Path(BASE), folder, "speech"),
    }
    tell("cer_difference", mine - theirs, "", theirs, mine / max(theirs, 1e-9), 0.0, mine <= theirs, more)


def tell(
    figure: str,
    value: float,
    unit: str,
    peer: float,
    ratio: float,
    bar: float,
    holds: bool,
    more: dict[str, Any],
) -> None:
    rounded = (round(one, 4) for one in (value, peer, ratio))
    value, peer, ratio = rounded
    emit(Figure("training", figure, value, unit, COMMAND, PEER, peer, ratio, bar, holds, more))


def main(utterances: int, held_out: int, epochs: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ |= {"AUSCULT_DATA_DIR": temporary}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
        import django

        django.setup()
        import torch

        from benchmarks.training.data import write_data
        from benchmarks.training.random_model import random_model

        mean_s = write_data(folder, utterances, held_out)
        lines = len((folder / "train.jsonl").read_text().splitlines())
        audio_s = mean_s * lines * epochs
        print(f"{lines} utterances of {mean_s:.2f} s on average, {epochs} epochs", file=sys.stderr)
        if torch.cuda.is_available():
            job = job_of(random_model(folder / "turbo", BASE), epochs, mean_s)
            job["config"] |= {"precision": "bf16", "fused_optimizer": True, "learning_rate": 1e-5}
            measure(folder, job, audio_s, "cuda", repeats)
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        measure(folder, job_of(BASE, epochs, mean_s), audio_s, "cpu", repeats)
        compare_cer(folder, repeats)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="48 utterances, 2 epochs, once")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.quick:
        main(48, 24, 2, 1)
    else:
        main(160, 120, 3, arguments.repeats)
