"""More speech from the same speech: perturbations of the sound, masks on the features. Seeded; no torch."""

from training.pipeline.augment.copies import (
    PERTURBATIONS,
    Perturbation,
    another_copy,
    copy_seed,
    perturbed,
    taken,
)
from training.pipeline.augment.masks import mask
from training.pipeline.augment.recipe import Recipe
from training.pipeline.augment.sounds import UnusableSoundError

__all__ = [
    "PERTURBATIONS",
    "Perturbation",
    "Recipe",
    "UnusableSoundError",
    "another_copy",
    "copy_seed",
    "mask",
    "perturbed",
    "taken",
]
