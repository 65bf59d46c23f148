"""Which layers get an adapter, and the refusal of names that mean none or no linear layer."""

import re

from torch import nn

from training.pipeline.config import ConfigError, PipelineConfig


def targets_of(base: nn.Module, config: PipelineConfig) -> list[str] | str:
    """Which linear layers are adapted: their names, or one expression for those of the decoder.

    Raises ConfigError for a name that fits no layer of the base, or a layer that is not linear: AdaLoRA knows
    no other, and PEFT leaves out in silence what it does not find.
    """
    for name in config.target_modules:
        _check(base, name, config.adapt_encoder)
    if config.adapt_encoder:
        return list(config.target_modules)
    return rf".*decoder\..*\.({'|'.join(map(re.escape, config.target_modules))})"


def _check(base: nn.Module, name: str, everywhere: bool) -> None:
    found = [
        module
        for path, module in base.named_modules()
        if (path == name or path.endswith(f".{name}")) and (everywhere or "decoder." in path)
    ]
    if not found:
        where = "the model" if everywhere else "its decoder"
        raise ConfigError("target_modules", f"target_modules: no layer of {where} is named {name}.")
    other = next((module for module in found if not isinstance(module, nn.Linear)), None)
    if other is not None:
        raise ConfigError(
            "target_modules",
            f"target_modules: {name} is a {type(other).__name__}; only linear layers get an adapter.",
        )
