"""Another copy of an utterance: the list of perturbations, each taken with its share, in the order of the way
of sound: throat, room, noise, microphone, line.

Every perturbation draws from a stream of its own, which follows from the copy's seed and the perturbation's
name: switching one off leaves the others as they were.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from training.pipeline.augment.level import clipping, gain, in_range
from training.pipeline.augment.line import telephone
from training.pipeline.augment.noise import noise
from training.pipeline.augment.place import far_field, room
from training.pipeline.augment.recipe import Recipe
from training.pipeline.augment.voice import pitch, speed
from training.pipeline.config.augmentation import AugmentationKnobs

Change = Callable[[np.ndarray, Recipe, np.random.Generator], np.ndarray]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """`change`: (n,) -> (m,), drawing its strength. `instead_of` are not taken where this one is."""

    name: str
    change: Change
    instead_of: tuple[str, ...] = ()

    def share(self, knobs: AugmentationKnobs) -> float:
        return getattr(knobs, f"{self.name}_share")


PERTURBATIONS: tuple[Perturbation, ...] = (
    Perturbation("speed", speed),
    Perturbation("pitch", pitch),
    Perturbation("far_field", far_field, instead_of=("room", "noise")),
    Perturbation("room", room),
    Perturbation("noise", noise),
    Perturbation("clipping", clipping),
    Perturbation("telephone", telephone),
    Perturbation("gain", gain),
)


def copy_seed(seed: int, utterance_id: str, epoch: int) -> int:
    """What a copy follows from: not from the order of work, the process or the machine."""
    return random.Random(f"{seed}-{utterance_id}-{epoch}").getrandbits(32)


def another_copy(samples: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """(n,) -> (m,) float32 in [-1, 1], through whatever the seed draws."""
    for one in taken(recipe.knobs, seed):
        samples = perturbed(samples, one.name, recipe, seed)
    return samples


def taken(knobs: AugmentationKnobs, seed: int) -> list[Perturbation]:
    """What the copy of this seed goes through, in order."""
    drawn = [one for one in PERTURBATIONS if _stream(seed, one).random() < one.share(knobs)]
    replaced = {name for one in drawn for name in one.instead_of}
    return [one for one in drawn if one.name not in replaced]


def perturbed(samples: np.ndarray, name: str, recipe: Recipe, seed: int) -> np.ndarray:
    """One perturbation alone, whatever its share, as `another_copy` would draw it. Raises KeyError."""
    one = {one.name: one for one in PERTURBATIONS}[name]
    rng = _stream(seed, one)
    rng.random()  # the draw for the share
    return in_range(one.change(samples, recipe, rng))


def _stream(seed: int, one: Perturbation) -> np.random.Generator:
    return np.random.default_rng((seed, crc32(one.name.encode())))
