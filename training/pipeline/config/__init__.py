"""Every knob of a run, and what a run is made of. No torch: the web process reads it."""

from training.pipeline.config.inputs import EvaluationInput, RunInputs
from training.pipeline.config.pipeline import SECTIONS, ConfigError, PipelineConfig
from training.pipeline.config.presets import PRESETS

STAGES = ("normalize", "prepare", "train", "strength", "merge", "evaluate", "record")

__all__ = [
    "PRESETS",
    "SECTIONS",
    "STAGES",
    "ConfigError",
    "EvaluationInput",
    "PipelineConfig",
    "RunInputs",
]
