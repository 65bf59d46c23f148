"""Every knob of a run with its default, and what a run is made of. No torch: the web process reads it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

STAGES = ("normalize", "prepare", "train", "merge", "evaluate", "record")


class ConfigError(ValueError):
    """A knob that makes no sense; the message is one sentence for the person who set it."""


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Resolved and stored with the run. Shares are fractions of 1, times are seconds."""

    seed: int = 0
    language: str = "zh"

    # Which labels are trained on.
    min_duration_s: float = 0.3
    max_duration_s: float = 30.0
    max_chars_per_s: float = 25.0
    dev_share: float = 0.05  # held out by whole speakers; none when one speaker is more than twice this

    # Against forgetting: utterances of general speech mixed into every batch.
    replay_share: float = 0.5
    replay_manifest: str = ""  # empty: no replay

    # Windows (decision 6): this share of batches is padded to the model's full window, the rest is not.
    padded_share: float = 0.03

    # Augmentation: copies with another tempo, room and noise, and SpecAugment masks on the features.
    augment: bool = True
    augment_copies: int = 1
    frequency_masks: int = 1
    frequency_mask_bins: int = 10
    time_masks: int = 1
    time_mask_frames: int = 20

    # AdaLoRA. The effective scale is lora_alpha / init_r (8) and stays so after pruning:
    # at 1 the zero singular values keep the gradients small for hundreds of steps (docs/experiments.md).
    init_r: int = 24
    target_r: int = 12
    lora_alpha: float = 192.0
    tinit_share: float = 0.15
    tfinal_share: float = 0.35
    delta_t: int = 10
    orth_reg_weight: float = 0.1
    # How much of the learned change is kept: between the base and the whole of it lies a model that forgets
    # far less and has learned nearly as much (Wortsman et al. 2022, arXiv 2109.01903; docs/experiments.md).
    adapter_strength: float = 0.7
    target_modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")

    # Optimisation. Steps are optimizer steps; `epochs` above 0 replaces `max_steps`.
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.0
    warmup_share: float = 0.06
    final_lr_share: float = 0.05
    grad_clip: float = 1.0
    max_steps: int = 600
    epochs: float = 0.0
    batch_s: float = 32.0  # padded seconds of one step over all processes
    micro_batch_s: float = 32.0  # padded seconds of one forward pass
    precision: str = "auto"  # auto: bf16 autocast on CUDA, fp32 on a CPU
    checkpoint_every_steps: int = 50
    log_every_steps: int = 5

    # Proof.
    merge_tolerance: float = 2e-3  # largest logit difference, adapter against merged, both fp32
    eval_batch: int = 16
    max_new_tokens: int = 200
    bootstrap_draws: int = 1000
    window_proof_utterances: int = 48  # decoded both ways to prove short windows
    window_proof_margin: float = 0.01  # how much worse (CER) they may be

    def __post_init__(self) -> None:
        checks = {
            "init_r must be greater than target_r, and target_r at least 1.": self.init_r
            > self.target_r
            >= 1,
            "replay_share must be at least 0 and below 1.": 0 <= self.replay_share < 1,
            "adapter_strength must be above 0 and at most 1.": 0 < self.adapter_strength <= 1,
            "padded_share must lie between 0 and 1.": 0 <= self.padded_share <= 1,
            "tinit_share and tfinal_share must leave room for pruning between them.": (
                self.tinit_share >= 0
                and self.tfinal_share > 0
                and self.tinit_share + self.tfinal_share < 0.95
            ),
            "max_steps must be at least 10.": self.max_steps >= 10,
            "learning_rate must lie between 0 and 0.1.": 0 < self.learning_rate < 0.1,
            "batch_s and micro_batch_s must be positive.": self.batch_s > 0 and self.micro_batch_s > 0,
            "delta_t and checkpoint_every_steps must be at least 1.": (
                self.delta_t >= 1 and self.checkpoint_every_steps >= 1 and self.log_every_steps >= 1
            ),
            "precision is auto, bf16 or fp32.": self.precision in {"auto", "bf16", "fp32"},
            "target_modules must name at least one module.": bool(self.target_modules),
        }
        for message, holds in checks.items():
            if not holds:
                raise ConfigError(message)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Defaults with `values` over them. Raises ConfigError on an unknown knob or a wrong kind."""
        known = {field.name: field for field in dataclasses.fields(cls)}
        resolved: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(f"There is no knob named {name}.")
            resolved[name] = _as_kind_of(known[name].default, name, value)
        return cls(**resolved)

    def as_dict(self) -> dict[str, Any]:
        values = dataclasses.asdict(self)
        return {**values, "target_modules": list(self.target_modules)}


def _as_kind_of(default: Any, name: str, value: Any) -> Any:
    if isinstance(default, tuple):
        return tuple(value)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ConfigError(f"{name} must be true or false.")
        return value
    try:
        converted = type(default)(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be of the kind {type(default).__name__}.") from None
    if isinstance(default, int) and converted != value and str(converted) != str(value):
        raise ConfigError(f"{name} must be a whole number.")
    return converted


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """One frozen set. `score_base` is false when the base already has its figures on this set."""

    id: str
    name: str
    kind: str
    manifest: str
    score_base: bool = True


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run reads and where it writes. Paths are absolute."""

    run_id: str
    name: str
    data_root: str
    base_ref: str
    train_manifest: str
    dataset_sha256: str
    models_folder: str
    runs_csv: str
    evaluation_sets: tuple[EvaluationInput, ...] = ()
    git_commit: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        sets = tuple(EvaluationInput(**one) for one in values.get("evaluation_sets", ()))
        return cls(**{**values, "evaluation_sets": sets})

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
