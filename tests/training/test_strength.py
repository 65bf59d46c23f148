"""How much of the change is kept: tried on speech that nothing was trained on."""

import pytest

from tests.training.tiny import make_run
from training.pipeline import merge, normalize, prepare, strength, train
from training.pipeline.features import FeatureStore
from training.pipeline.processes import StopFlag, World
from training.pipeline.strength import Tried, choose

BASE = Tried(0.0, 0.5, 0.03)
HALF, MOST, WHOLE = Tried(0.5, 0.3, 0.031), Tried(0.75, 0.2, 0.034), Tried(1.0, 0.1, 0.06)


@pytest.mark.parametrize(("margin", "chosen"), [(0.0, HALF), (0.005, MOST), (0.05, WHOLE), (0.0011, HALF)])
def test_the_best_of_those_that_do_not_forget_is_kept(margin, chosen):
    assert choose([BASE, HALF, MOST, WHOLE], margin) == chosen


def test_without_general_speech_only_the_own_counts():
    bare = [Tried(one.strength, one.own, None) for one in (BASE, HALF, MOST, WHOLE)]
    assert choose(bare, 0.0).strength == 1.0


def test_what_makes_nothing_better_is_kept_least():
    worse = [BASE, Tried(0.5, 0.5, 0.03), Tried(1.0, 0.5, 0.03)]
    assert choose(worse, 0.0).strength == 0.5


def prepared_run(tmp_path, tiny_base, **overrides):
    run = make_run(tmp_path, tiny_base, strengths=[0.5, 1.0], held_share=0.3, **overrides)
    for stage in (normalize, prepare):
        run.mark_done(stage.__name__.split(".")[-1], stage.run(run))
    return run


def test_what_is_held_out_is_not_trained_on(tmp_path, tiny_base):
    run = prepared_run(tmp_path, tiny_base)
    trained = {cut.id for cut in FeatureStore(run.path / "prepare", "train").cuts}
    held = {one.id for name in (prepare.OWN, prepare.GENERAL) for one in strength._held(run, name)}
    assert held and not held & trained


def test_the_choice_is_recorded_and_merged(tmp_path, tiny_base):
    run = prepared_run(tmp_path, tiny_base, general_margin=9.0)
    run.mark_done("train", train.run(run, World(), StopFlag()))
    result = strength.run(run)
    assert [one["strength"] for one in result["tried"]] == [0.0, 0.5, 1.0]
    assert (
        result["strength"]
        == min(result["tried"][1:], key=lambda one: (one["own"], one["strength"]))["strength"]
    )
    run.mark_done("strength", result)
    assert run.strength == result["strength"]
    assert merge.run(run)["logit_difference_fp32"] < 1e-4


def test_nothing_is_tried_when_nothing_is_asked(tmp_path, tiny_base):
    result = strength.run(make_run(tmp_path, tiny_base, adapter_strength=0.8))
    assert (result["strength"], result["tried"]) == (0.8, [])
    assert result["reason"]
