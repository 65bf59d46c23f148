"""What a search may turn, and between which ends. Every point of a checked space is a valid configuration."""

import random
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from training.pipeline.config import ConfigError, PipelineConfig

RANKS = ("init_r", "target_r")
_LOGARITHMIC = ("learning_rate", "lora_alpha")
_WHOLE = RANKS
_USED_BY = {
    "adalora": ("learning_rate", *RANKS, "lora_alpha", "lora_dropout", "augmentation", "replay_share"),
    "lora": ("learning_rate", "target_r", "lora_alpha", "lora_dropout", "augmentation", "replay_share"),
}
_USED_BY_ALL = ("learning_rate", "augmentation", "replay_share")
Knobs = dict[str, float]


class Range(BaseModel):
    """Both ends belong to it; equal ends hold a knob still."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float


class SearchSpace(BaseModel):
    """`augmentation` is a factor on the widths of the masks: copies are made before any trial begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: Range = Range(low=4e-4, high=4e-3)
    init_r: Range = Range(low=16, high=32)
    target_r: Range = Range(low=4, high=15)
    lora_alpha: Range = Range(low=64, high=384)
    lora_dropout: Range = Range(low=0, high=0.15)
    augmentation: Range = Range(low=0.5, high=2)
    replay_share: Range = Range(low=0.3, high=0.7)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], base: PipelineConfig) -> Self:
        """Raises ConfigError, in one sentence, when some point of it would be no configuration of `base`."""
        try:
            space = cls(**values)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise ConfigError(name, f"{name} needs two numbers, low and high.") from None
        space._check(base)
        return space

    def knobs(self, method: str) -> tuple[str, ...]:
        """Those that the method has."""
        return _USED_BY.get(method, _USED_BY_ALL)

    def at(self, shares: Mapping[str, float], method: str) -> Knobs:
        """The point that lies this far (0 to 1) along each range."""
        point = {name: self._value(name, shares[name]) for name in self.knobs(method)}
        if method == "adalora":
            # Pruning needs something to prune: whatever was drawn, the rank at the end is the lower one.
            point["target_r"] = min(point["target_r"], point["init_r"] - 1)
        return point

    def _value(self, name: str, share: float) -> float:
        low, high = self.range(name).low, self.range(name).high
        value = low * (high / low) ** share if name in _LOGARITHMIC else low + (high - low) * share
        if name in _WHOLE:
            return round(value)
        return min(high, max(low, float(f"{value:.3g}")))

    def range(self, name: str) -> Range:
        return getattr(self, name)

    def _check(self, base: PipelineConfig) -> None:
        for name in type(self).model_fields:
            self._check_ends(name)
        if self.init_r.low <= self.target_r.low and base.method == "adalora":
            raise ConfigError("init_r", "init_r must begin above the lowest target_r.")
        for share in (0.0, 1.0):
            ends = self.at(dict.fromkeys(type(self).model_fields, share), base.method)
            PipelineConfig.from_dict(base.as_dict() | overrides_of(ends, base, base.max_steps))

    def _check_ends(self, name: str) -> None:
        low, high = self.range(name).low, self.range(name).high
        if not low <= high:
            raise ConfigError(name, f"{name}: the low end must not be above the high end.")
        if name in _LOGARITHMIC and low <= 0:
            raise ConfigError(name, f"{name} must be greater than 0.")
        if name in _WHOLE and (low != int(low) or high != int(high)):
            raise ConfigError(name, f"{name} must be whole numbers.")
        if name == "augmentation" and not 0 <= low <= high <= 10:
            raise ConfigError(name, "augmentation must lie between 0 and 10 times the widths of the masks.")


def draw(space: SearchSpace, base: PipelineConfig, trials: int, seed: int) -> list[Knobs]:
    """The base's own knobs first, then a Latin hypercube: each range is covered evenly, whatever the number.

    What is in use today is a candidate too, and a first rung that good ends poor trials early.
    """
    rng = random.Random(seed)
    count = max(1, trials - 1)
    columns = {}
    for name in SearchSpace.model_fields:
        cells = [(cell + rng.random()) / count for cell in range(count)]
        rng.shuffle(cells)
        columns[name] = cells
    drawn = [
        space.at({name: cells[number] for name, cells in columns.items()}, base.method)
        for number in range(trials - 1)
    ]
    return [_own(space, base), *drawn]


def overrides_of(knobs: Knobs, base: PipelineConfig, steps: int) -> dict[str, Any]:
    """A point, trained for so many steps, as knobs of a run."""
    values: dict[str, Any] = {name: value for name, value in knobs.items() if name != "augmentation"}
    factor = knobs.get("augmentation", 1.0)
    return values | {
        "frequency_mask_bins": round(base.frequency_mask_bins * factor),
        "time_mask_frames": round(base.time_mask_frames * factor),
        "max_steps": steps,
        "epochs": 0.0,
    }


def _own(space: SearchSpace, base: PipelineConfig) -> Knobs:
    return {name: getattr(base, name, 1.0) for name in space.knobs(base.method)}
