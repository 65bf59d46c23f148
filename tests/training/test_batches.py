"""The batch plan: buckets of like length, the replay share, and the same plan for every process."""

import itertools

import pytest

from training.pipeline.batches import BatchPlan, Step, micro_batches
from training.pipeline.config import PipelineConfig
from training.pipeline.features import Cut


def cuts(own=60, replay=40):
    return [
        Cut(f"{i}", 0, 150 + (i * 37) % 900, tuple(range(3 + i % 9)), replay=i >= own)
        for i in range(own + replay)
    ]


def plan(batch_s=40.0, **overrides):
    overrides = {"padded_share": 0.0, **overrides, "batch_s": batch_s}
    return BatchPlan(cuts(), PipelineConfig.from_dict(overrides), 3000)


def test_batches_hold_like_lengths_and_padding_falls():
    bucketed = plan().epoch(0)
    assert len({step.window for step in bucketed}) > 5
    starts = range(0, 96, 8)
    in_order = [Step(tuple(range(i, i + 8)), max(c.frames for c in cuts()[i : i + 8]), 1) for i in starts]
    assert plan().padding_share(bucketed) < 0.5 * plan().padding_share(in_order)


def test_no_step_is_larger_than_its_budget():
    assert all(step.window * len(step.indices) <= 4000 + 22 * len(step.indices) for step in plan().epoch(0))


def test_an_epoch_holds_every_own_cut_once_and_the_wanted_replay():
    seen = [i for step in plan(replay_share=0.4).epoch(0) for i in step.indices]
    own = [i for i in seen if i < 60]
    assert sorted(own) == list(range(60))
    assert len(seen) - len(own) == 40


def test_without_replay_only_own_cuts_are_seen():
    assert all(i < 60 for step in plan(replay_share=0.0).epoch(0) for i in step.indices)


def test_a_plan_taken_up_in_the_middle_goes_on_as_it_was():
    whole = list(itertools.islice(plan().steps(), 40))
    assert list(itertools.islice(plan().steps(23), 17)) == whole[23:]


def test_epochs_differ_and_seeds_differ():
    assert plan().epoch(0) != plan().epoch(1)
    assert plan().epoch(0) != plan(seed=1).epoch(0)


def test_total_steps_counts_what_the_epochs_hold():
    counted = plan(epochs=2.0)
    assert counted.total_steps() == len(counted.epoch(0)) + len(counted.epoch(1))
    assert plan(max_steps=77).total_steps() == 77


def test_some_steps_use_the_full_window():
    windows = [step.window for step in plan(padded_share=0.5).epoch(0)]
    assert 0 < windows.count(3000) < len(windows)


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("micro_batch_s", [3.0, 12.0, 40.0])
def test_processes_share_a_step_without_loss_or_overlap(world, micro_batch_s):
    for step in plan().epoch(0):
        shares = [micro_batches(step, micro_batch_s, rank, world) for rank in range(world)]
        assert len({len(share) for share in shares}) == 1
        seen = [i for share in shares for batch in share if batch.counts for i in batch.indices]
        assert sorted(seen) == sorted(step.indices)
