"""More speech from the same speech. A share is how probable a perturbation is in a copy, 0 to 1."""

from typing import Any, ClassVar

from training.pipeline.config.knobs import Knobs, _, knob


def share(default: float, sentence: str) -> Any:
    return knob(default, sentence, ge=0, le=1)


class AugmentationKnobs(Knobs):
    title: ClassVar[str] = _("Augmentation")

    augment: bool = knob(True, _("Copies with another tempo, room and noise, and masks on the features."))
    augment_copies: int = knob(1, _("Copies of each utterance beside the recorded one."), ge=0, le=10)
    speed_share: float = share(1.0, _("Copies that are faster and higher, or slower and deeper."))
    speed_change: float = knob(0.1, _("Most that tempo and pitch change, as a share."), gt=0, le=0.5)
    pitch_share: float = share(0.0, _("Copies with another pitch at the same pace."))
    pitch_semitones: float = knob(2.0, _("Most that the pitch alone changes."), "semitones", gt=0, le=6)
    gain_share: float = share(1.0, _("Copies at another level."))
    gain_min_db: float = knob(-6.0, _("Softest change of level."), "dB", ge=-40, le=20)
    gain_max_db: float = knob(0.0, _("Loudest change of level."), "dB", ge=-40, le=20)
    noise_share: float = share(0.7, _("Copies with noise behind the speech."))
    noise_snr_min_db: float = knob(10.0, _("Loudest noise, against the speech level."), "dB", ge=-10, le=60)
    noise_snr_max_db: float = knob(25.0, _("Softest noise, against the speech level."), "dB", ge=-10, le=60)
    noise_folder: str = knob(
        "", _("Folder of noise recordings under the data folder; empty: synthetic noise.")
    )
    room_share: float = share(0.4, _("Copies with the echo of a room."))
    rir_folder: str = knob(
        "", _("Folder of room impulse responses under the data folder; empty: simulated rooms.")
    )
    far_field_share: float = share(0.0, _("Copies from across the room: more echo than voice, and noise."))
    telephone_share: float = share(0.15, _("Copies through a telephone: its band and its codec."))
    clipping_share: float = share(0.0, _("Copies of a microphone driven too hard."))
    frequency_masks: int = knob(1, _("SpecAugment: bands of frequency set to the mean."), ge=0, le=10)
    frequency_mask_bins: int = knob(10, _("SpecAugment: widest band."), "mel", ge=0)
    time_masks: int = knob(1, _("SpecAugment: stretches of time set to the mean."), ge=0, le=10)
    time_mask_frames: int = knob(20, _("SpecAugment: longest stretch."), "10 ms", ge=0)
