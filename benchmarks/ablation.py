"""What each kind of augmentation brings: CER on the held-out medical set, as it is and made harder.

Run: `python -m benchmarks.ablation [--quick]`
The demo hospital, the bundled model, a hundred corrected segments; the decoder is tuned for the same number
of steps on each, the encoder stays as it is (benchmarks/active_learning/teacher.py). Seven minutes on one
idle core; --quick is one seed of a small hospital, to see that it runs.
"""

import argparse
import os
import random
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, emit

if TYPE_CHECKING:
    from benchmarks.active_learning.pool import Hospital, Spoken
    from benchmarks.active_learning.teacher import Teacher

BASE = "models/auscult-base"
KINDS = ("speed", "pitch", "far_field", "room", "noise", "clipping", "telephone", "gain")
NO_SOUND: dict[str, Any] = {f"{kind}_share": 0.0 for kind in KINDS}
NO_MASKS: dict[str, Any] = {"frequency_masks": 0, "time_masks": 0}
COPIES = 2
CONDITIONS: dict[str, dict[str, Any]] = {
    "none": {"augment": False},
    "specaugment": NO_SOUND,
    "noise": {**NO_SOUND, **NO_MASKS, "noise_share": 1.0},
    "room": {**NO_SOUND, **NO_MASKS, "room_share": 1.0},
    "telephone": {**NO_SOUND, **NO_MASKS, "telephone_share": 1.0},
    "defaults": {},
    "defaults, noise at 12 to 35 dB": {"noise_snr_min_db": 12.0, "noise_snr_max_db": 35.0},
    "defaults, pitch, far field, clipping": {
        "pitch_share": 0.3,
        "far_field_share": 0.2,
        "clipping_share": 0.2,
    },
}
# How the held-out set is made harder: louder noise than any copy has, a telephone, the far end of a room.
HARDER: dict[str, tuple[str, dict[str, Any]]] = {
    "noisy": ("noise", {"noise_snr_min_db": 5.0, "noise_snr_max_db": 10.0}),
    "telephone": ("telephone", {}),
    "far_field": ("far_field", {"noise_snr_min_db": 15.0, "noise_snr_max_db": 20.0}),
}
FULL = {"recordings": 24, "medical_set": 100, "replay": 50}
QUICK = {"recordings": 6, "medical_set": 20, "replay": 10}
HEARD_SEED = 99_991  # none that training draws from


def run(quick: bool, command: str) -> None:
    import django

    django.setup()
    import torch

    from benchmarks.active_learning.pool import build
    from benchmarks.active_learning.teacher import Teacher
    from training.demo.script import Sizes
    from training.pipeline.config import PipelineConfig

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    hospital = build(Sizes(**(QUICK if quick else FULL), general_set=1, dictations=0))
    corrected = random.Random(1).sample(hospital.pool, min(100, len(hospital.pool)))
    hospital = replace(hospital, pool=corrected)
    sets = harder(hospital)
    for name, knobs in CONDITIONS.items():
        config = PipelineConfig.from_dict({"augment_copies": COPIES, **knobs})
        with tempfile.TemporaryDirectory() as folder:
            teacher = Teacher(BASE, hospital, Path(folder), 40 if quick else 160, config)
        if name == "none":
            report("base", {key: [rate_of(teacher.base(), one)] for key, one in sets.items()}, command)
        report(name, taught_rates(teacher, hospital, sets, seeds=1 if quick else 2), command)


def harder(hospital: "Hospital") -> dict[str, list["Spoken"]]:
    """The held-out set as it is, and each of its harder versions."""
    from training.pipeline.augment import Recipe, copy_seed, perturbed
    from training.pipeline.config import PipelineConfig

    sets = {"as recorded": hospital.held_out}
    for name, (kind, knobs) in HARDER.items():
        recipe = Recipe(PipelineConfig.from_dict(knobs))
        sets[name] = [
            replace(one, samples=perturbed(one.samples, kind, recipe, copy_seed(HEARD_SEED, one.key, 0)))
            for one in hospital.held_out
        ]
    return sets


def taught_rates(
    teacher: "Teacher", hospital: "Hospital", sets: dict[str, list["Spoken"]], seeds: int
) -> dict[str, list[float]]:
    """CER on each set, a figure for each seed."""
    keys = [one.key for one in hospital.pool]
    models = [teacher.taught(keys, seed) for seed in range(seeds)]
    return {name: [rate_of(model, spoken) for model in models] for name, spoken in sets.items()}


def rate_of(recognizer: Any, spoken: Sequence["Spoken"]) -> float:
    from benchmarks.active_learning.teacher import hear
    from speech.metrics import cer, total

    heard = hear(recognizer, spoken)
    return total(cer(one.said, text.text) for one, text in zip(spoken, heard, strict=True)).rate


def report(augmentation: str, rates: dict[str, list[float]], command: str) -> None:
    for name, found in rates.items():
        more = {
            "augmentation": augmentation,
            "set": name,
            "low": round(min(found), 4),
            "high": round(max(found), 4),
            "seeds": len(found),
        }
        value = round(statistics.mean(found), 4)
        emit(Figure("ablation", "cer_after", value, "share", command, more=more))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")
    run(quick, f"python -m benchmarks.ablation{' --quick' if quick else ''}")


if __name__ == "__main__":
    main()
