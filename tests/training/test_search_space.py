"""What a search draws: always a valid configuration, evenly spread, the base's own knobs first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.pipeline.config import PRESETS, ConfigError, PipelineConfig
from training.pipeline.search.request import Budget
from training.pipeline.search.space import SearchSpace, draw, overrides_of

BASE = PipelineConfig()
WIDE = {
    "learning_rate": (1e-6, 0.09),
    "init_r": (2, 64),
    "target_r": (1, 64),
    "lora_alpha": (0.5, 512),
    "lora_dropout": (0, 0.9),
    "augmentation": (0, 10),
    "replay_share": (0, 0.99),
}


@st.composite
def spaces(draw_one):
    """Any ends within what the knobs allow, in order, with the ranks apart."""
    values = {}
    for name, (low, high) in WIDE.items():
        number = st.integers(low, high) if name in ("init_r", "target_r") else st.floats(low, high)
        ends = sorted((draw_one(number), draw_one(number)))
        values[name] = {"low": ends[0], "high": ends[1]}
    values["target_r"]["low"] = min(values["target_r"]["low"], values["init_r"]["low"] - 1)
    return SearchSpace.from_dict(values, BASE)


@given(spaces(), st.integers(2, 12), st.integers(0, 1000), st.sampled_from(["adalora", "lora", "full"]))
def test_every_point_of_a_checked_space_is_a_valid_configuration(space, trials, seed, method):
    base = PipelineConfig.from_dict({"method": method})
    points = draw(space, base, trials, seed)
    assert len(points) == trials
    for point in points:
        config = PipelineConfig.from_dict(base.as_dict() | overrides_of(point, base, 100))
        assert config.max_steps == 100 and config.method == method
        if method == "adalora":
            assert config.target_r < config.init_r
    for point in points[1:]:
        for name, value in point.items():
            own = space.range(name)
            lowest = min(own.low, point.get("init_r", 99) - 1) if name == "target_r" else own.low
            assert lowest <= value <= own.high


def test_the_first_trial_is_what_is_set_today():
    base = PipelineConfig.from_dict({"learning_rate": 7e-4, "init_r": 20})
    first = draw(SearchSpace(), base, 4, 0)[0]
    assert PipelineConfig.from_dict(base.as_dict() | overrides_of(first, base, base.max_steps)) == base


def test_the_same_seed_draws_the_same_and_another_another():
    assert draw(SearchSpace(), BASE, 6, 1) == draw(SearchSpace(), BASE, 6, 1)
    assert draw(SearchSpace(), BASE, 6, 1) != draw(SearchSpace(), BASE, 6, 2)


def test_each_range_is_covered_evenly():
    points = draw(SearchSpace(), BASE, 9, 3)[1:]
    low, high = SearchSpace().replay_share.low, SearchSpace().replay_share.high
    eighths = sorted(int(8 * (point["replay_share"] - low) / (high - low) - 1e-9) for point in points)
    assert eighths == list(range(8))


def test_strength_of_augmentation_widens_the_masks():
    point = {**draw(SearchSpace(), BASE, 2, 0)[0], "augmentation": 2.0}
    overrides = overrides_of(point, BASE, 50)
    assert overrides["frequency_mask_bins"] == 2 * BASE.frequency_mask_bins
    assert overrides["time_mask_frames"] == 2 * BASE.time_mask_frames
    assert "augmentation" not in overrides


@pytest.mark.parametrize("preset", PRESETS)
def test_the_default_ranges_fit_every_preset(preset):
    base = PipelineConfig.from_dict(PRESETS[preset])
    assert SearchSpace.from_dict({}, base) == SearchSpace()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"learning_rate": {"low": 0.01, "high": 0.001}}, "low end"),
        ({"learning_rate": {"low": 0.01, "high": 0.5}}, "learning_rate"),
        ({"learning_rate": {"low": 0, "high": 0.01}}, "greater than 0"),
        ({"lora_dropout": {"low": 0, "high": 1}}, "lora_dropout"),
        ({"init_r": {"low": 4.5, "high": 8}}, "whole"),
        ({"init_r": {"low": 4, "high": 8}, "target_r": {"low": 4, "high": 6}}, "above the lowest target_r"),
        ({"augmentation": {"low": -1, "high": 2}}, "augmentation"),
        ({"replay_share": {"low": 0.2}}, "two numbers"),
        ({"replay_share": {"low": 0.2, "high": 1}}, "replay_share"),
    ],
)
def test_a_range_that_makes_no_sense_is_told_in_a_sentence(values, words):
    with pytest.raises(ConfigError, match=words):
        SearchSpace.from_dict(values, BASE)


def test_rungs_grow_to_the_whole_budget():
    assert Budget(steps=320).milestones == [20, 80, 320]
    assert Budget(steps=100, rungs=2, reduction_factor=3).milestones == [33, 100]
    with pytest.raises(ConfigError, match="too few"):
        Budget.from_dict({"steps": 20, "rungs": 5})
    with pytest.raises(ConfigError, match="trials"):
        Budget.from_dict({"trials": 1})
