"""AdaLoRA, LoRA, full fine-tuning and chosen layers: one loop, one checkpoint, one merge."""

import pytest
import torch

from tests.training.test_train import prepared, trainer_of
from training.pipeline import merge, train
from training.pipeline.adapter import load_base
from training.pipeline.config import PipelineConfig
from training.pipeline.features import FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.methods import method_for
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import StopFlag, Stopped
from training.pipeline.start import load_start

METHODS = {
    "adalora": {},
    "adalora, decoder": {"adapt_encoder": False},
    "lora": {"method": "lora", "lora_dropout": 0.1},
    "lora, q and v": {"method": "lora", "target_modules": ["q_proj", "v_proj"]},
    "full": {"method": "full", "learning_rate": 1e-3},
    "layers": {"method": "layers", "learning_rate": 1e-3, "encoder_layers": 0, "decoder_layers": 1},
}


@pytest.fixture(params=METHODS)
def run(request, tmp_path, tiny_base):
    return prepared(tmp_path, tiny_base, augment=False, **METHODS[request.param])


def trained(run, folder="train"):
    trainer = trainer_of(run)
    (run.path / folder).mkdir(exist_ok=True)
    train.train(trainer, run.path / folder, FeatureStore(run.path / "prepare", "dev"), StopFlag())
    return trainer


def logits(model, run):
    store = FeatureStore(run.path / "prepare", "train")
    model.eval()
    return merge._logits(model, store.batch([store.frames_of(i) for i in range(4)], range(4), 200))


def test_what_was_trained_comes_out_merged_and_at_half_strength_half_way(run):
    trainer = trained(run)
    base = logits(load_base(run.inputs.base_ref), run)
    after = logits(trainer.model, run)
    assert (after - base).abs().max() > 0.01
    trainer.method.export(run.path / "train/adapter")
    method = method_for(run.config)
    whole = method.merged(load_base(run.inputs.base_ref), run.path / "train/adapter", 1.0)
    assert (logits(whole, run) - after).abs().max() < 1e-4
    half = method.merged(load_base(run.inputs.base_ref), run.path / "train/adapter", 0.5)
    unchanged = load_base(run.inputs.base_ref)
    parts = zip(half.parameters(), whole.parameters(), unchanged.parameters(), strict=True)
    assert all(torch.allclose(h, (w + u) / 2, atol=1e-5) for h, w, u in parts)


def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(run):
    whole, stop, interrupted = trained(run, "whole"), StopFlag(), trainer_of(run)
    step = interrupted.step

    def and_then_sigterm(one, number):
        stop.is_set = number + 1 == 8
        return step(one, number)

    interrupted.step = and_then_sigterm
    (run.path / "cut").mkdir()
    dev = FeatureStore(run.path / "prepare", "dev")
    with pytest.raises(Stopped):
        train.train(interrupted, run.path / "cut", dev, stop)
    torch.manual_seed(99)
    resumed = trained(run, "cut")
    theirs = trained_parameters(resumed.model)
    assert max((v - theirs[n]).abs().max().item() for n, v in trained_parameters(whole.model).items()) == 0.0


def test_every_trained_parameter_gets_a_gradient_and_the_base_answers_as_before(run):
    trainer = trainer_of(run)
    base = logits(load_base(run.inputs.base_ref), run)
    trainer.model.train()
    trainer.step(next(trainer.plan.steps()), 0)  # raises when a gradient is missing
    trainer.step(next(trainer.plan.steps()), 1)
    with trainer.method.base_only():
        assert (logits(trainer.model, run) - base).abs().max() < 1e-5
    assert (logits(trainer.model, run) - base).abs().max() > 0


def test_the_counts_of_trained_parameters_are_what_the_methods_promise(tmp_path, tiny_base):
    counts = {}
    for name, overrides in METHODS.items():
        config = PipelineConfig.from_dict({"init_r": 4, "target_r": 2, **overrides})
        model = method_for(config).attach(load_base(str(tiny_base)), 20)
        counts[name] = sum(value.numel() for value in trained_parameters(model).values())
    every = sum(value.numel() for value in load_base(str(tiny_base)).parameters())
    positions = 500 * 16  # sinusoids stay
    assert counts["full"] == every - positions
    assert counts["lora, q and v"] == 3 * 2 * 2 * (16 + 16)  # three attentions, q and v, rank 2
    assert counts["lora, q and v"] < counts["adalora, decoder"] < counts["adalora"] < counts["full"]
    assert counts["layers"] < counts["full"]


def test_a_frozen_encoder_stays_as_it_was(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, augment=False, adapt_encoder=False)
    trainer = trained(run)
    trainer.method.export(run.path / "train/adapter")
    result = merge.run(run)
    assert result["logit_difference_fp32"] < 1e-5
    merged = dict(load_base(str(run.path / "merge/model")).named_parameters())
    for name, value in load_base(run.inputs.base_ref).named_parameters():
        assert ".encoder." not in name or torch.allclose(merged[name], value.half().float())


def test_a_continued_run_starts_from_the_base_with_the_old_adapter_merged_in_fp32(tmp_path, tiny_base):
    first = prepared(tmp_path, tiny_base, augment=False)
    trained(first).method.export(first.path / "train/adapter")
    merge.run(first)
    values = first.inputs.as_dict() | {
        "base_ref": str(first.path / "merge/model"),
        "weights_ref": str(tiny_base),
        "earlier_adapters": [str(first.adapter)],
    }
    again = RunFolder.create(tmp_path / "again", first.config, type(first.inputs).from_dict(values))
    start = logits(load_start(again.inputs), first)
    stored = logits(load_base(again.inputs.base_ref), first)  # the same model, rounded to fp16
    fresh = logits(load_base(str(tiny_base)), first)
    assert 0 < (start - stored).abs().max() < 0.05 < (start - fresh).abs().max()
    (again.path / "prepare").symlink_to(first.path / "prepare")
    trainer = trained(again)
    ranks = trainer.method.export(again.path / "train/adapter")
    assert sum(ranks.values()) == again.config.target_r * len(ranks) > 0  # it did not erase itself
    result = merge.run(again)
    assert result["logit_difference_fp32"] < 1e-5
