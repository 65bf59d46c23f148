"""An adapter trained over a base in 8 bits, merged on the same base in fp32."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.training.ranks import prepared, train_here, trained_by
from training.pipeline import merge, train
from training.pipeline.adapter import load_base
from training.pipeline.config import PRESETS
from training.pipeline.features import IGNORED, FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import StopFlag, World
from training.pipeline.start import load_start, load_start_in_8bit

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None,
    reason="bitsandbytes is not installed (extra train-extra)",
)
LOW_VRAM = {name: PRESETS["low-vram-8bit"][name] for name in ("precision", "activation_checkpointing")}
METHODS = {
    "lora": {"method": "lora"},
    "adalora": {},
    "lora, as in the preset": {"method": "lora", **LOW_VRAM},
}


def run_of(folder, base, method, **overrides):
    return prepared(folder, base, load_in_8bit=True, augment=False, **{**METHODS[method], **overrides})


def batch_of(run):
    store = FeatureStore(run.path / "prepare", "train")
    return store.batch([store.frames_of(i) for i in range(8)], range(8), 280)


def trained(run):
    trainer = train.trainer_for(run, World())
    (run.path / "train").mkdir()
    train.train(trainer, run.path / "train", FeatureStore(run.path / "prepare", "dev"), StopFlag())
    return trainer


@pytest.mark.parametrize("method", METHODS)
def test_what_was_learned_over_8_bits_holds_on_the_float_base(tmp_path, tiny_base, method):
    run = run_of(tmp_path, tiny_base, method, max_steps=60)
    trainer = trained(run)
    assert torch.int8 in {value.dtype for value in trainer.model.parameters()}
    assert all(value.dtype == torch.float32 for value in trained_parameters(trainer.model).values())
    trainer.method.export(run.path / "train/adapter")
    assert merge.run(run)["logit_difference_fp32"] < 1e-4
    merged = load_base(str(run.path / "merge/model"))
    assert {value.dtype for value in merged.parameters()} == {torch.float32}

    batch = batch_of(run)
    models = {"8 bits": trainer.model, "merged": merged, "base": load_base(str(tiny_base))}
    logits = {name: merge._logits(model.eval(), batch) for name, model in models.items()}
    entropy = {
        name: float(cross_entropy(one.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED))
        for name, one in logits.items()
    }
    learned, kept = entropy["base"] - entropy["8 bits"], entropy["base"] - entropy["merged"]
    assert learned > 0.5
    assert kept > 0.75 * learned  # the adapter also learned to mend some of the rounding
    counted = batch.targets != IGNORED
    same = logits["merged"].argmax(-1)[counted] == logits["8 bits"].argmax(-1)[counted]
    assert same.float().mean() > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path, tiny_base, method):
    whole = train_here(run_of(tmp_path / "whole", tiny_base, method), World())
    cut = run_of(tmp_path / "cut", tiny_base, method)
    train_here(cut, World(), stop_after=8)
    resumed = train_here(cut, World())
    assert len(resumed["passes"]) == 12
    assert resumed["digest"] == whole["digest"]


def test_a_continued_run_starts_in_8_bits_with_the_old_adapter_merged_in_fp32(tmp_path, tiny_base):
    first = run_of(tmp_path, tiny_base, "lora")
    trained(first).method.export(first.path / "train/adapter")
    merge.run(first)
    values = first.inputs.as_dict() | {"earlier_adapters": [str(first.adapter)]}
    again = RunFolder.create(tmp_path / "again", first.config, type(first.inputs).from_dict(values))
    batch = batch_of(first)
    models = {
        "float": load_start(again.inputs),
        "8 bits": load_start_in_8bit(again.inputs),
        "base": load_base(str(tiny_base)),
    }
    logits = {name: merge._logits(model.eval(), batch) for name, model in models.items()}
    by_rounding = (logits["8 bits"] - logits["float"]).abs().mean()
    assert 0 < by_rounding < 0.2 * (logits["float"] - logits["base"]).abs().mean()


@pytest.mark.slow
def test_two_processes_over_8_bits_end_alike(tmp_path, tiny_base):
    [(first, second)] = trained_by(2, run_of(Path(tmp_path), tiny_base, "adalora", **LOW_VRAM))
    assert first["digest"] == second["digest"]
    assert first["pattern"] == second["pattern"] != ""
