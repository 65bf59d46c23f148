"""What is asked of a search, and its folder: request.json, base/, trials/<number>/, results.jsonl."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from training.pipeline.config import ConfigError, PipelineConfig, RunInputs
from training.pipeline.config.knobs import Knobs, _, knob
from training.pipeline.folder import REQUEST, read_json, write_json
from training.pipeline.search.space import Knobs as Point
from training.pipeline.search.space import overrides_of

RESULTS, TRIALS, BASE = "results.jsonl", "trials", "base"


class Budget(Knobs):
    """How much may be spent, and how soon ASHA (Li et al. 2020, arXiv 1810.05934) decides."""

    trials: int = knob(8, _("Configurations that are tried; the first is what is set today."), ge=2, le=200)
    steps: int = knob(600, _("Steps of a whole trial; what is promoted trains as long."), "steps", ge=10)
    rungs: int = knob(3, _("How often a trial is judged, its end included."), ge=1, le=6)
    reduction_factor: int = knob(4, _("At each rung about one in so many goes on."), ge=2, le=8)
    stop_early: bool = knob(True, _("No: every trial is trained to its end."))
    evaluation_utterances: int = knob(60, _("Held-out utterances that CER is measured on."), ge=1)
    concurrent: int = knob(0, _("Trials at the same time; 0: as many as the machine has cores for."), ge=0)
    seed: int = knob(0, _("Seed of everything that is drawn."), ge=0)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises ConfigError, in one sentence."""
        try:
            budget = cls(**values)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            name = str(problem["loc"][0]) if problem["loc"] else ""
            words = problem["msg"].replace("Input should be", "must be")
            raise ConfigError(name, f"{name} {words}.") from None
        if budget.steps < 2 * budget.reduction_factor ** (budget.rungs - 1):
            raise ConfigError("rungs", "steps are too few for so many rungs.")
        return budget

    @property
    def first_rung(self) -> int:
        return self.steps // self.reduction_factor ** (self.rungs - 1)

    @property
    def milestones(self) -> list[int]:
        """Steps at which a trial is judged, its last included."""
        below = [self.first_rung * self.reduction_factor**k for k in range(self.rungs - 1)]
        return [*below, self.steps]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`config` is what the search starts from; its steps and its schedule are the budget's, at any rung.

    `points` are drawn once (space.draw) and kept: one for each trial, the knobs that it has of its own.
    """

    config: PipelineConfig
    inputs: RunInputs
    budget: Budget
    points: tuple[Point, ...]

    def config_of(self, number: int) -> PipelineConfig:
        """Checkpoints meet every rung, so that none is judged by another step than the others."""
        first, most = self.budget.first_rung, self.config.checkpoint_every_steps
        often = max(n for n in range(1, first + 1) if first % n == 0 and n <= most)
        own = overrides_of(self.points[number], self.config, self.budget.steps)
        values = {**self.config.as_dict(), **own, "checkpoint_every_steps": often}
        return PipelineConfig.from_dict(values)

    def write(self, folder: Path) -> None:
        values = {"config": self.config.as_dict(), "inputs": self.inputs.as_dict()}
        more = {"budget": self.budget.model_dump(), "points": list(self.points)}
        write_json(folder / REQUEST, values | more)

    @classmethod
    def read(cls, folder: Path) -> Self:
        values = read_json(folder / REQUEST)
        return cls(
            PipelineConfig.from_dict(values["config"]),
            RunInputs.from_dict(values["inputs"]),
            Budget.from_dict(values["budget"]),
            tuple(values["points"]),
        )


def trial_folder(folder: Path, number: int) -> Path:
    return folder / TRIALS / f"{number:03}"
