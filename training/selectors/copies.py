"""Augmentation to listen to: an utterance as recorded, through one perturbation, as a whole copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from base.errors import DomainError, NotFound
from base.storage import data_path
from speech import manifest
from speech.audio import SAMPLE_RATE_HZ, AudioDecodeError
from speech.manifest import Utterance
from training.pipeline.augment import (
    PERTURBATIONS,
    Recipe,
    UnusableSoundError,
    another_copy,
    perturbed,
    taken,
)
from training.pipeline.config import ConfigError, PipelineConfig

RECORDED, COPY = "", "copy"
_SILENCE_DBFS = -99.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of the page. `share` is how probable it is in a copy; None where that has no meaning."""

    name: str
    sentence: str
    share: float | None
    duration_ms: int
    level_dbfs: float
    peak_dbfs: float

    @property
    def duration_s(self) -> float:
        return self.duration_ms / 1000


def recipe_of(knobs: Mapping[str, Any]) -> Recipe:
    """The defaults with `knobs` over them. Raises DomainError `bad_config`."""
    try:
        return Recipe.of(PipelineConfig.from_dict(knobs), data_path(""))
    except ConfigError as error:
        raise DomainError("bad_config", str(error)) from error


def samples_of(utterance: Utterance) -> np.ndarray:
    """(samples,) as recorded. Raises NotFound."""
    try:
        return manifest.load_audio(utterance, data_path(""))
    except AudioDecodeError as error:
        message = _("The sound of this utterance is not on this machine any more.")
        raise NotFound("no_audio", message) from error


def sound_of(samples: np.ndarray, name: str, recipe: Recipe, seed: int) -> np.ndarray:
    """`name`: RECORDED, COPY or a perturbation. Raises DomainError `perturbation_unknown`, `bad_sound`."""
    if name == RECORDED:
        return samples
    try:
        return another_copy(samples, recipe, seed) if name == COPY else perturbed(samples, name, recipe, seed)
    except KeyError as error:
        words = _("There is no perturbation named %(name)s; there are %(names)s.")
        names = ", ".join([COPY, *(one.name for one in PERTURBATIONS)])
        raise NotFound("perturbation_unknown", words % {"name": name, "names": names}) from error
    except UnusableSoundError as error:
        raise DomainError("bad_sound", str(error)) from error


def heard_as(samples: np.ndarray, recipe: Recipe, seed: int) -> list[Heard]:
    """As recorded, a whole copy, then every perturbation alone."""
    fields = PipelineConfig.model_fields
    lines: list[tuple[str, str, float | None]] = [(RECORDED, "", None), (COPY, "", None)]
    for one in PERTURBATIONS:
        sentence = _(fields[f"{one.name}_share"].description or "")
        lines.append((one.name, sentence, one.share(recipe.knobs)))
    return [_heard(line, sound_of(samples, line[0], recipe, seed)) for line in lines]


def names_in_copy(recipe: Recipe, seed: int) -> list[str]:
    return [one.name for one in taken(recipe.knobs, seed)]


def _heard(line: tuple[str, str, float | None], samples: np.ndarray) -> Heard:
    mean_square = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    peak = float(np.abs(samples).max(initial=0.0))
    return Heard(*line, len(samples) * 1000 // SAMPLE_RATE_HZ, _dbfs(mean_square), _dbfs(peak * peak))


def _dbfs(power: float) -> float:
    return float(10 * np.log10(power)) if power > 10 ** (_SILENCE_DBFS / 10) else _SILENCE_DBFS
