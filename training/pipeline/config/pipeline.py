"""Every knob of a run with its default. No torch: the web process reads it."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationError, model_validator

from training.pipeline.config.augmentation import AugmentationKnobs
from training.pipeline.config.data import DataKnobs
from training.pipeline.config.knobs import Knobs
from training.pipeline.config.machine import MachineKnobs
from training.pipeline.config.model import ModelKnobs
from training.pipeline.config.optimisation import OptimisationKnobs
from training.pipeline.config.proof import ProofKnobs
from training.pipeline.config.tracking import TrackingKnobs

SECTIONS: tuple[type[Knobs], ...] = (
    DataKnobs,
    AugmentationKnobs,
    ModelKnobs,
    OptimisationKnobs,
    MachineKnobs,
    ProofKnobs,
    TrackingKnobs,
)
_KINDS = {
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
}


class ConfigError(ValueError):
    """A knob that makes no sense; the message is one sentence that names it, `field` the knob itself."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)  # both: it must survive the way between processes
        self.field = field

    def __str__(self) -> str:
        return str(self.args[1])


class PipelineConfig(
    DataKnobs, AugmentationKnobs, ModelKnobs, OptimisationKnobs, MachineKnobs, ProofKnobs, TrackingKnobs
):
    """Resolved and stored with the run. Shares are fractions of 1; units stand in the names."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """What no knob can say alone."""
        for field, message, is_wrong in self._contradictions():
            if is_wrong:
                raise ConfigError(field, message)
        return self

    def _contradictions(self) -> list[tuple[str, str, bool]]:
        adapts = self.method in {"adalora", "lora"}
        return [
            (
                "init_r",
                "init_r must be greater than target_r.",
                self.method == "adalora" and self.init_r <= self.target_r,
            ),
            (
                "tinit_share",
                "tinit_share and tfinal_share must leave room for pruning between them.",
                self.tinit_share + self.tfinal_share >= 0.95,
            ),
            (
                "min_duration_s",
                "min_duration_s must be less than max_duration_s.",
                self.min_duration_s >= self.max_duration_s,
            ),
            (
                "noise_snr_min_db",
                "noise_snr_min_db must not be greater than noise_snr_max_db.",
                self.noise_snr_min_db > self.noise_snr_max_db,
            ),
            (
                "gain_min_db",
                "gain_min_db must not be greater than gain_max_db.",
                self.gain_min_db > self.gain_max_db,
            ),
            (
                "load_in_8bit",
                "load_in_8bit needs method lora or adalora: what is in 8 bits cannot be trained.",
                self.load_in_8bit and not adapts,
            ),
            (
                "strategy",
                "strategy zero2 cannot be combined with method adalora: ZeRO drops the gradients that "
                "AdaLoRA reads its importance from. Use ddp, or method lora or full.",
                self.strategy == "zero2" and self.method == "adalora",
            ),
            (
                "strategy",
                "strategy zero2 cannot be combined with load_in_8bit.",
                self.strategy == "zero2" and self.load_in_8bit,
            ),
            (
                "strengths",
                "strengths must lie above 0 and be at most 1.",
                any(not 0 < one <= 1 for one in self.strengths),
            ),
            (
                "encoder_layers",
                "method layers needs encoder_layers or decoder_layers other than 0.",
                self.method == "layers" and self.encoder_layers == self.decoder_layers == 0,
            ),
            (
                "tracking_uri",
                "tracking_uri is where MLflow writes; name mlflow in trackers, or leave it empty.",
                bool(self.tracking_uri) and "mlflow" not in self.trackers,
            ),
        ]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Defaults with `values` over them. Raises ConfigError that names the knob."""
        try:
            return cls(**values)
        except ValidationError as error:
            raise _first_problem(error) from None

    def as_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def _first_problem(error: ValidationError) -> ConfigError:
    problem = error.errors(include_url=False)[0]
    own = problem.get("ctx", {}).get("error")
    if isinstance(own, ConfigError):
        return own
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return ConfigError(name, f"There is no knob named {name}.")
    if name == "tracking_uri":
        return ConfigError(name, "tracking_uri must begin with http:, https:, sqlite:, postgresql: or file:.")
    words = _KINDS.get(problem["type"]) or problem["msg"].replace("Input should be", "must be")
    return ConfigError(name, f"{name} {words}.")
