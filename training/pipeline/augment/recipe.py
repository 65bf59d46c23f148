"""What perturbations are made of: the knobs of a run, its noise and its rooms."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from training.pipeline.augment.sounds import NO_SOUNDS, Sounds, sounds_in
from training.pipeline.config.augmentation import AugmentationKnobs


@dataclass(frozen=True, slots=True)
class Recipe:
    """`noises` and `responses` (impulse responses of rooms) empty: synthetic ones."""

    knobs: AugmentationKnobs
    noises: Sounds = NO_SOUNDS
    responses: Sounds = NO_SOUNDS

    @classmethod
    def of(cls, knobs: AugmentationKnobs, root: Path) -> Self:
        """Looks into the folders that the knobs name. Raises ConfigError for one that is of no use."""
        noises = sounds_in("noise_folder", knobs.noise_folder, root)
        return cls(knobs, noises, sounds_in("rir_folder", knobs.rir_folder, root))
