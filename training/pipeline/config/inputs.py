"""What a run reads and where it writes."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """One frozen set. `score_base` is false when the base already has its figures on this set."""

    id: str
    name: str
    kind: str
    manifest: str
    score_base: bool = True


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run reads and where it writes. Paths are absolute."""

    run_id: str
    name: str
    data_root: str
    base_ref: str
    train_manifest: str
    dataset_sha256: str
    models_folder: str
    runs_csv: str
    evaluation_sets: tuple[EvaluationInput, ...] = ()
    git_commit: str = ""
    # Of a continued run: the weights under `base_ref` before these adapters were merged into them.
    weights_ref: str = ""
    earlier_adapters: tuple[str, ...] = ()
    # Manifests under `data_root` whose speakers and sentences nothing is trained on.
    held_out: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        sets = tuple(EvaluationInput(**one) for one in values.get("evaluation_sets", ()))
        plain = {name: tuple(values.get(name, ())) for name in ("earlier_adapters", "held_out")}
        return cls(**{**values, "evaluation_sets": sets, **plain})

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
