"""The training loop: the same loss in any layout, a resumed run is the same run, ranks are pruned."""

import json
import os
import subprocess
import sys

import pytest
import torch

from tests.training.tiny import make_run
from training.pipeline import adapter, normalize, prepare, train
from training.pipeline.batches import Step
from training.pipeline.curve import Curve
from training.pipeline.features import FeatureStore
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import StopFlag, Stopped, World


def prepared(tmp_path, tiny_base, **overrides):
    run = make_run(tmp_path, tiny_base, **overrides)
    run.mark_done("normalize", normalize.run(run))
    run.mark_done("prepare", prepare.run(run))
    return run


ALONE = World()


def trainer_of(run, world=ALONE):
    return train.trainer_for(run, world)


def first_step(trainer):
    """One step over all eight own cuts, and the gradients it makes."""
    kept = {}
    whole = Step(tuple(range(8)), 260, sum(cut.tokens for cut in trainer.store.cuts[:8]))
    trainer.optimizer.step = lambda: kept.update(
        {name: value.grad.clone() for name, value in trained_parameters(trainer.model).items()}
    )
    for layer in adapter.adapted_layers(trainer.model).values():
        layer.lora_E[adapter.NAME].data.fill_(0.3)  # at zero, A and B would have no gradient to compare
    return trainer.step(whole, 0), kept


def test_loss_and_gradients_are_the_same_in_one_pass_or_in_eight(tmp_path, tiny_base):
    layouts = {1: 100.0, 8: 2.6}  # passes: seconds of a pass
    results = {}
    for passes, micro_batch_s in layouts.items():
        run = prepared(tmp_path / str(passes), tiny_base, micro_batch_s=micro_batch_s, grad_clip=1e9)
        results[passes] = first_step(trainer_of(run))
    one, eight = results[1], results[8]
    assert one[0].cross_entropy == pytest.approx(eight[0].cross_entropy, rel=1e-5)
    assert one[0].gradient_norm == pytest.approx(eight[0].gradient_norm, rel=1e-4)
    for name, gradient in one[1].items():
        torch.testing.assert_close(gradient, eight[1][name], rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_two_processes_make_the_same_step_as_one(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, grad_clip=1e9)
    loss, gradients = first_step(trainer_of(run))
    out = tmp_path / "out.pt"
    program = (
        "import torch; from pathlib import Path; from training.pipeline.processes import *;"
        "from training.pipeline.folder import RunFolder; from tests.training.test_train import *;"
        "world = join_world();"
        f"loss, kept = first_step(trainer_of(RunFolder.open(Path({str(run.path)!r})), world));"
        f"world.rank or torch.save((loss.cross_entropy, loss.gradient_norm, kept), {str(out)!r});"
        "leave_world(world); end_process(0)"
    )
    script = tmp_path / "step.py"
    script.write_text(program)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, check=True, env=environment, timeout=120)
    cross_entropy, norm, theirs = torch.load(out, weights_only=False)
    assert cross_entropy == pytest.approx(loss.cross_entropy, rel=1e-5)
    assert norm == pytest.approx(loss.gradient_norm, rel=1e-4)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("stop_after", [3, 8, 15])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path, tiny_base, stop_after):
    run = prepared(tmp_path, tiny_base)
    dev = FeatureStore(run.path / "prepare", "dev")
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = trainer_of(run)
    train.train(whole, tmp_path / "whole", dev, StopFlag())

    interrupted, stop = trainer_of(run), StopFlag()
    step = interrupted.step

    def and_then_sigterm(one, number):
        stop.is_set = number + 1 == stop_after
        return step(one, number)

    interrupted.step = and_then_sigterm
    with pytest.raises(Stopped):
        train.train(interrupted, tmp_path / "cut", dev, stop)
    torch.manual_seed(12345)  # what happened between must not matter
    resumed = trainer_of(run)
    train.train(resumed, tmp_path / "cut", dev, StopFlag())

    theirs = trained_parameters(resumed.model)
    difference = max((v - theirs[n]).abs().max().item() for n, v in trained_parameters(whole.model).items())
    assert difference == 0.0
    assert adapter.pattern_ranks(whole.model) == adapter.pattern_ranks(resumed.model)
    curves = [(tmp_path / part / "curve.jsonl").read_text() for part in ("whole", "cut")]
    assert curves[0] == curves[1]


def test_points_after_the_last_checkpoint_are_dropped_from_the_curve(tmp_path):
    path = tmp_path / "curve.jsonl"
    path.write_text("".join(json.dumps({"step": step}) + "\n" for step in (5, 10, 15)))
    Curve(path, done=10)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [5, 10]


def test_it_prunes_to_its_target_and_it_learns(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, max_steps=60, augment=False, batch_s=40.0, micro_batch_s=40.0)
    result = train.run(run, World(), StopFlag())
    modules = len(result["rank_pattern"])
    assert modules == 1 * 6 + 1 * 10  # one encoder layer: 4 + 2; one decoder layer: 4 + 4 + 2
    assert result["rank_total"] == run.config.target_r * modules
    assert len(set(result["rank_pattern"].values())) > 1  # ranks moved to where they are needed
    curve = (run.path / "train/curve.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in curve]
    assert losses[-1] < losses[0] - 0.8


def test_a_run_that_did_not_prune_fails_loudly(tmp_path, tiny_base):
    trainer = trainer_of(prepared(tmp_path, tiny_base))
    with pytest.raises(RuntimeError, match="did not prune"):
        adapter.assert_pruned(trainer.model, trainer.config)


def test_the_penalty_is_in_the_gradients_and_not_in_the_curve(tmp_path, tiny_base):
    results = {}
    for weight in (0.0, 40.0):
        run = prepared(tmp_path / str(weight), tiny_base, orth_reg_weight=weight, grad_clip=1e9)
        results[weight] = first_step(trainer_of(run))
    assert results[0.0][0].cross_entropy == results[40.0][0].cross_entropy
    assert results[40.0][0].gradient_norm > 1.5 * results[0.0][0].gradient_norm


def test_a_missing_gradient_is_noticed_at_the_first_step(tmp_path, tiny_base):
    trainer = trainer_of(prepared(tmp_path, tiny_base))
    trainer.model.register_parameter("forgotten", torch.nn.Parameter(torch.zeros(1)))
    with pytest.raises(RuntimeError, match="forgotten"):
        trainer.step(next(trainer.plan.steps()), 0)
