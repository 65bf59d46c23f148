"""Labels and features of a Parakeet: text alone (it has no prompt and no end token), normalised log-mel."""

from itertools import pairwise
from typing import Any

import numpy as np

from speech.audio import SAMPLE_RATE_HZ
from speech.manifest import Utterance
from training.pipeline.cuts import FRAMES_PER_S

LONGEST_S = 60  # it has no window; nothing that is trained on comes near
FASTEST_COPY = 0.85  # an augmented copy may take this share of the time


class ParakeetLabels:
    def __init__(self, processor: Any, parakeet: Any) -> None:
        self._tokenizer, self._extractor = processor.tokenizer, processor.feature_extractor
        self._encoder = parakeet.encoder_config
        blank = getattr(parakeet, "blank_token_id", None)
        self._is_ctc = blank is None
        self.prefix: list[int] = [] if blank is None else [blank]
        self.pad_id: int = parakeet.pad_token_id
        self.mels: int = parakeet.encoder_config.num_mel_bins
        self.full_frames: int = LONGEST_S * FRAMES_PER_S

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)

    def writes(self, text: str) -> bool:
        """Its vocabulary holds all of it."""
        ids = self.ids(text)
        return bool(ids) and self._tokenizer.unk_token_id not in ids

    def has_time(self, utterance: Utterance) -> bool:
        """CTC needs a frame for each token, and one between two equal ones."""
        if not self._is_ctc:
            return True
        ids = self.ids(utterance.text)
        repeated = sum(one == other for one, other in pairwise(ids))
        frames = int(utterance.duration_ms / 1000 * FRAMES_PER_S * FASTEST_COPY)
        return len(ids) + repeated <= positions_of(frames, self._encoder)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Normalised over the utterance, without the frames that the extractor masks."""
        made = self._extractor(samples, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        own = int(made.attention_mask[0].sum())
        return made.input_features[0, :own].numpy()[: self.full_frames]


def positions_of(frames: Any, encoder: Any) -> Any:
    """Frames that the encoder gives for so many (an int or a tensor), as its convolutions make them."""
    kernel, stride = encoder.subsampling_conv_kernel_size, encoder.subsampling_conv_stride
    padding = (kernel - 1) // 2
    for _ in range(encoder.subsampling_factor.bit_length() - 1):
        frames = (frames + 2 * padding - kernel) // stride + 1
    return frames
