"""Stage 5: base + plain LoRA -> one fp16 model folder, after proof that both say the same.

The merge is done in fp32 on a freshly loaded base: in bf16 the update drowns in rounding.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.pipeline.adapter import load_base, load_lora
from training.pipeline.families import family_of, family_of_model
from training.pipeline.features import Batch, FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.methods import method_for
from training.pipeline.methods.lora import MergesLora
from training.pipeline.start import load_start
from training.pipeline.weights import card_of, sha256_of_weights, write_card

WEIGHTS = "adapter_model.safetensors"
PROBES = 4  # utterances whose logits are compared


class MergeError(Exception):
    """The merged model does not say what base and adapter say."""


def run(folder: RunFolder) -> dict[str, Any]:
    store = FeatureStore(folder.path / "prepare", "train")
    probe = _probe(store)
    base_ref = folder.inputs.base_ref
    merged, expected = _merged(folder, probe)
    difference = float((_logits(merged, probe) - expected).abs().max())
    if not difference <= folder.config.merge_tolerance:
        raise MergeError(
            f"The merged model differs from the adapter by {difference:.2g} in its logits; "
            f"at most {folder.config.merge_tolerance:.2g} is allowed."
        )
    target = folder.path / "merge" / "model"
    shutil.rmtree(target, ignore_errors=True)
    save(merged, base_ref, target)
    stored = load_base(str(target)).eval()
    half = _logits(stored, probe)
    if not torch.isfinite(half).all():
        raise MergeError("The merged weights do not fit into fp16.")
    write_card(target, _card(folder))
    return {
        "logit_difference_fp32": difference,
        "logit_difference_fp16": float((half - expected).abs().max()),
        "sha256": sha256_of_weights(target),
    }


def _merged(folder: RunFolder, probe: Batch) -> tuple[Any, torch.Tensor]:
    """-> (the merged model, the logits that it must have). An adapter is kept at its final strength."""
    method, strength = method_for(folder.config), folder.strength
    change, base = folder.path / "train" / "adapter", load_start(folder.inputs).eval()
    if not isinstance(method, MergesLora):
        merged = method.merged(base, change, strength)
        return merged, _logits(merged, probe)
    write_scaled(change, folder.adapter, strength)
    adapted = load_lora(base, folder.adapter)
    expected = _logits(adapted, probe)
    return adapted.merge_and_unload(safe_merge=True), expected


def write_scaled(adapter: Path, target: Path, strength: float) -> None:
    """The same plain LoRA with a share of its change, for whoever serves adapters over one base."""
    shutil.copytree(adapter, target, dirs_exist_ok=True)
    weights = load_file(adapter / WEIGHTS)
    scaled = {name: value * (strength if ".lora_A." in name else 1) for name, value in weights.items()}
    save_file(scaled, target / WEIGHTS)


def save(model: Any, base_ref: str, target: Path) -> None:
    """fp16 weights with everything that any runtime of the family looks for beside them."""
    family_of(base_ref).save(model, base_ref, target)


LONGEST = "longest_utterance_ms"  # speech/backends/whisper_folder.py


def _card(folder: RunFolder) -> dict[str, Any]:
    """Claims short windows when it was trained on them; the evaluation takes the claim back if it fails."""
    parent = card_of(folder.inputs.base_ref)
    return {
        "name": folder.inputs.name,
        "variable_window": family_of(folder.inputs.base_ref).has_window and folder.config.padded_share < 1,
        **({LONGEST: parent[LONGEST]} if LONGEST in parent else {}),
        "run": folder.inputs.run_id,
        "dataset_sha256": folder.inputs.dataset_sha256,
        "lineage": [*parent.get("lineage", []), parent.get("name") or Path(folder.inputs.base_ref).name],
    }


def _probe(store: FeatureStore) -> Batch:
    indices = list(range(min(PROBES, len(store.cuts))))
    longest = max(store.cuts[i].frames for i in indices)
    window = min(longest + longest % 2, store.full_frames)
    return store.batch([store.frames_of(i) for i in indices], indices, window)


@torch.no_grad()
def _logits(model: Any, probe: Batch) -> torch.Tensor:
    """On the CPU in fp32."""
    return model(**family_of_model(model).inputs(probe, torch.device("cpu"))).logits
