"""The configuration of a run as its base can follow it: looked at before the first stage."""

from dataclasses import replace

from training.pipeline.families import family_of
from training.pipeline.families.targets import targets_of
from training.pipeline.folder import RunFolder


def settled(folder: RunFolder) -> RunFolder:
    """The folder with its configuration as it will be carried out; the request on disk stays as it was asked.

    Raises ConfigError, which names the knob, or UnsupportedBaseError. Twice is once.
    """
    ref = folder.inputs.base_ref
    family = family_of(ref)
    config = family.settled(folder.config)
    if config.method in {"adalora", "lora"}:
        targets_of(family.skeleton(ref), config)
    return replace(folder, config=config)
