"""Knobs are checked where they are set, and none is silently unknown."""

import pickle

import pytest

from training.pipeline.config import PRESETS, SECTIONS, STAGES, ConfigError, PipelineConfig


def test_the_defaults_are_valid_and_survive_a_round_trip():
    config = PipelineConfig()
    assert PipelineConfig.from_dict(config.as_dict()) == config


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ({"target_r": 24}, "init_r"),
        ({"replay_share": 1.0}, "replay_share"),
        ({"tinit_share": 0.6, "tfinal_share": 0.4}, "pruning"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"max_steps": 10.5}, "whole number"),
        ({"no_such_knob": 1}, "no_such_knob"),
        ({"precision": "fp8"}, "precision"),
        ({"augment": "yes"}, "true or false"),
    ],
)
def test_a_knob_that_makes_no_sense_is_refused_with_its_name(overrides, word):
    with pytest.raises(ConfigError, match=word):
        PipelineConfig.from_dict(overrides)


def test_the_names_known_to_the_web_are_the_stages_that_run():
    from training.pipeline.stages import STAGES as registered

    assert tuple(stage.name for stage in registered) == STAGES


@pytest.mark.parametrize(
    "overrides",
    [
        {"method": "adalora", "strategy": "zero2"},
        {"method": "full", "load_in_8bit": True},
        {"method": "layers", "encoder_layers": 0, "decoder_layers": 0},
        {"min_duration_s": 9, "max_duration_s": 5},
        {"noise_snr_min_db": 30},
        {"gain_min_db": 1},
    ],
)
def test_values_that_contradict_each_other_are_refused_with_the_name_of_one(overrides):
    with pytest.raises(ConfigError) as refused:
        PipelineConfig.from_dict(overrides)
    assert refused.value.field in str(refused.value)
    assert refused.value.field in overrides


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_configuration(name):
    PipelineConfig.from_dict(PRESETS[name])


def test_every_knob_has_a_sentence_and_stands_in_one_section():
    names = [name for section in SECTIONS for name in section.model_fields]
    assert sorted(names) == sorted(PipelineConfig.model_fields)
    assert all(field.description.endswith(".") for field in PipelineConfig.model_fields.values())


def test_a_refusal_survives_the_way_between_processes():
    refusal = pickle.loads(pickle.dumps(ConfigError("seed", "seed must be a whole number.")))
    assert (refusal.field, str(refusal)) == ("seed", "seed must be a whole number.")
