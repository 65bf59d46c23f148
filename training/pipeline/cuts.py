"""What a forward pass is made of: cuts of the prepared speech, and the tensors that they become."""

from dataclasses import dataclass

import torch

FRAMES_PER_S = 100
IGNORED = -100  # targets that the loss does not see


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one utterance lies in the array. `ids` are what is learned, without the decoder prefix."""

    id: str
    first_frame: int
    frames: int
    ids: tuple[int, ...]
    replay: bool = False
    copy: int = 0  # 0 as recorded, above that an augmented copy

    @property
    def tokens(self) -> int:
        """Targets that count in the loss."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """One forward pass. decoder_ids and targets (batch, length); general (batch,): speech of the replay.

    features float32: (batch, mels, frames) for a Whisper, (batch, frames, mels) for a Parakeet, which is also
    told how many `frames` (batch,) are no padding; or `encoded`: what the encoder made of it (batch,
    positions, d).
    """

    features: torch.Tensor
    decoder_ids: torch.Tensor
    targets: torch.Tensor
    general: torch.Tensor
    encoded: bool = False
    frames: torch.Tensor | None = None
