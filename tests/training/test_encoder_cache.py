"""An encoder that is not trained is run once; nothing else changes."""

import pytest
import torch

from tests.training.test_train import prepared
from training.pipeline import train
from training.pipeline.batches import BatchPlan
from training.pipeline.config import PipelineConfig
from training.pipeline.encoder_cache import may_cache
from training.pipeline.features import FeatureStore
from training.pipeline.processes import StopFlag, World
from training.pipeline.start import load_start
from training.pipeline.trainer import Trainer

FROZEN = {"adapt_encoder": False, "augment": False, "padded_share": 0.0}


def test_a_step_from_the_cache_is_the_step_without_it(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, **FROZEN, grad_clip=1e9, method="lora")
    store = FeatureStore(run.path / "prepare", "train")
    (run.path / "train").mkdir()
    cached = train.trainer_for(run, World())
    torch.manual_seed(run.config.seed)
    plan = BatchPlan(store.cuts, run.config, store.full_frames, own_windows=True)
    plain = Trainer(load_start(run.inputs), plan, store, run.config, World())
    for number, step in zip(range(4), plan.steps(), strict=False):
        assert {plan._length(index) for index in step.indices} == {step.window}
        ours, theirs = cached.step(step, number), plain.step(step, number)
        assert ours.cross_entropy == pytest.approx(theirs.cross_entropy, abs=2e-2)
        assert ours.gradient_norm == pytest.approx(theirs.gradient_norm, rel=0.05)
    assert (run.path / "train/encoded.f16").stat().st_size == 2 * 16 * sum(
        plan._length(i) // 2 for i in range(len(store.cuts))
    )


def test_a_run_with_a_cache_ends_and_resumes_as_any_other(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, **FROZEN)
    result = train.run(run, World(), StopFlag())
    assert result["rank_total"] == run.config.target_r * len(result["rank_pattern"])
    assert all(".decoder." in name for name in result["rank_pattern"])


@pytest.mark.parametrize(
    "overrides",
    [
        {"adapt_encoder": True},
        {"augment": True},
        {"padded_share": 0.1},
        {"cache_encoder": False},
        {"method": "full"},
    ],
)
def test_nothing_is_cached_that_would_change(overrides):
    assert may_cache(PipelineConfig.from_dict(FROZEN))
    assert not may_cache(PipelineConfig.from_dict({**FROZEN, **overrides}))
