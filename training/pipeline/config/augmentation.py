"""More speech from the same speech."""

from typing import ClassVar

from training.pipeline.config.knobs import Knobs, _, knob


class AugmentationKnobs(Knobs):
    title: ClassVar[str] = _("Augmentation")

    augment: bool = knob(True, _("Copies with another tempo, room and noise, and masks on the features."))
    augment_copies: int = knob(1, _("Copies of each utterance beside the recorded one."), ge=0, le=10)
    frequency_masks: int = knob(1, _("SpecAugment: bands of frequency set to the mean."), ge=0, le=10)
    frequency_mask_bins: int = knob(10, _("SpecAugment: widest band."), "mel", ge=0)
    time_masks: int = knob(1, _("SpecAugment: stretches of time set to the mean."), ge=0, le=10)
    time_mask_frames: int = knob(20, _("SpecAugment: longest stretch."), "10 ms", ge=0)
