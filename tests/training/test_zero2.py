"""ZeRO-2 with the optimizer in main memory: the same steps as under DDP, and a checkpoint that goes on."""

import importlib.util

import pytest

from tests.training.ranks import prepared, train_here, trained_by
from training.pipeline import packages, runner
from training.pipeline.config import PipelineConfig
from training.pipeline.folder import read_jsonl
from training.pipeline.packages import MissingPackageError, require_packages
from training.pipeline.processes import StopFlag, World

METHODS = {
    "lora": {"method": "lora"},
    "full": {"method": "full", "learning_rate": 1e-3},
    "layers": {"method": "layers", "learning_rate": 1e-3, "encoder_layers": 0},
}
PASSES = {"augment": False, "micro_batch_s": 2.6}
needs_deepspeed = pytest.mark.skipif(
    importlib.util.find_spec("deepspeed") is None, reason="deepspeed is not installed (extra train-extra)"
)


def furthest(ours, theirs):
    return max((value - theirs[name]).abs().max().item() for name, value in ours.items())


def test_without_deepspeed_it_is_refused_before_anything_is_computed(tmp_path, tiny_base, monkeypatch):
    run = prepared(tmp_path, tiny_base, strategy="zero2", **METHODS["lora"])
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"strategy zero2 .* deepspeed"):
        runner.run_all(run, StopFlag())
    assert not (run.path / "train").exists()


def test_what_is_not_chosen_is_not_asked_for(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    require_packages(PipelineConfig())
    with pytest.raises(MissingPackageError, match=r"load_in_8bit .* bitsandbytes"):
        require_packages(PipelineConfig.from_dict({"load_in_8bit": True}))


@pytest.fixture(scope="module")
def begun(tmp_path_factory, tiny_base):
    """Name -> (run, what each of two processes had). One start for all; `cut` is stopped after 8 steps."""
    folder = tmp_path_factory.mktemp("zero2")
    runs = {
        name: prepared(folder / name, tiny_base, strategy="zero2", **PASSES, **overrides)
        for name, overrides in {**METHODS, "cut": METHODS["full"]}.items()
    }
    ends = trained_by(2, *runs.values(), stop_after=[0, 0, 0, 8])
    return {name: (run, end) for (name, run), end in zip(runs.items(), ends, strict=True)}


@needs_deepspeed
@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_two_processes_under_zero2_learn_what_one_learns_alone(begun, method, tmp_path, tiny_base):
    alone = prepared(tmp_path, tiny_base, **PASSES, **METHODS[method])
    ours = train_here(alone, World())
    run, (first, second) = begun[method]
    assert first["digest"] == second["digest"]
    assert max(first["passes"]) > 1
    assert furthest(ours["values"], first["values"]) < 1e-4
    losses = [
        [point["loss"] for point in read_jsonl(one.path / "train/curve.jsonl") if "loss" in point]
        for one in (alone, run)
    ]
    assert len(losses[0]) == 10
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)


@needs_deepspeed
@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(begun):
    run, (cut, _) = begun["cut"]
    _, (whole, _) = begun["full"]
    assert furthest(cut["values"], whole["values"]) > 0
    [(first, second)] = trained_by(2, run)
    assert len(first["passes"]) == 12
    assert first["digest"] == second["digest"] == whole["digest"]


@needs_deepspeed
@pytest.mark.slow
def test_one_process_keeps_its_optimizer_in_main_memory_with_bf16_and_fewer_activations(tmp_path, tiny_base):
    saving = {"precision": "bf16", "activation_checkpointing": True, **PASSES, **METHODS["lora"]}
    alone = train_here(prepared(tmp_path / "ddp", tiny_base, **saving), World())
    in_fp32 = train_here(prepared(tmp_path / "fp32", tiny_base, **{**saving, "precision": "fp32"}), World())
    [[under_zero2]] = trained_by(1, prepared(tmp_path / "zero2", tiny_base, strategy="zero2", **saving))
    assert furthest(alone["values"], under_zero2["values"]) < 1e-5
    assert furthest(alone["values"], in_fp32["values"]) > 1e-5  # bf16 was not dropped on the way


@needs_deepspeed
@pytest.mark.slow
def test_another_number_of_processes_cannot_take_up_the_shares(begun):
    run, _ = begun["layers"]
    (run.path / "rank0.pt").unlink()
    with pytest.raises(AssertionError, match="as many processes as it was begun with"):
        trained_by(1, run)
