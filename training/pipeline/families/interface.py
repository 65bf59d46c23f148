"""What the stages ask of a model family. Everything that differs between Whisper and Parakeet is here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from speech.manifest import Utterance
from speech.recognizer import Recognizer
from training.pipeline.config import PipelineConfig
from training.pipeline.cuts import Batch, Cut


class LabelMaker(Protocol):
    """Text to ids and sound to features, by the base model's own processor."""

    prefix: list[int]  # what the decoder is given before the text
    pad_id: int
    mels: int
    full_frames: int  # the longest window

    def ids(self, text: str) -> tuple[int, ...]:
        """What is learned, at least one."""
        ...

    def writes(self, text: str) -> bool:
        """Whether the model can write all of it."""
        ...

    def has_time(self, utterance: Utterance) -> bool:
        """Whether it can hear all of it, and write the label in this time."""
        ...

    def features(self, samples: np.ndarray) -> np.ndarray:
        """(samples,) -> (frames, mels) at the utterance's own length."""
        ...


class Family(Protocol):
    """One family of checkpoints, known by the `model_type` of its config."""

    model_type: str
    model_class: Any
    has_window: bool  # decodes a window of one length, or shorter ones once that is proven

    def settled(self, config: PipelineConfig) -> PipelineConfig:
        """With its own defaults in place of another's. Raises ConfigError for what it cannot follow."""
        ...

    def skeleton(self, ref: str) -> nn.Module:
        """The layers without their weights."""
        ...

    def load(self, ref: str, attention: str = "sdpa", **options: Any) -> Any:
        """The base in fp32 (fp16 weights would lose the adapter in a merge), ready to be trained."""
        ...

    def labels(self, processor: Any, base: Any, config: PipelineConfig) -> LabelMaker:
        """`base` is the configuration of the base model."""
        ...

    def recognizer(self, model: Any, ref: str, variable_window: bool = True) -> Recognizer:
        """A model in memory, decoded as one that is loaded; `ref` names its processor."""
        ...

    def collate(
        self,
        frames: Sequence[np.ndarray],
        cuts: Sequence[Cut],
        *,
        window: int,
        prefix: Sequence[int],
        pad_id: int,
        encoded: bool = False,
    ) -> Batch:
        """(frames, mels) of each cut, padded to `window`; what is `encoded` has its length already."""
        ...

    def inputs(self, batch: Batch, device: torch.device) -> dict[str, Any]:
        """Arguments of the model's forward, which answers with `logits`."""
        ...

    def loss(self, model: Any, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Negative log-likelihood of the labels, summed over the batch; the loop divides it by the tokens of
        the whole step. `logits` in float32."""
        ...

    def chosen_layers(self, base: Any, config: PipelineConfig) -> list[nn.Module]:
        """What the method `layers` trains."""
        ...

    def constants(self, base: Any) -> list[nn.Module]:
        """Parameters that are never trained."""
        ...

    def save(self, model: Any, base_ref: str, target: Path) -> None:
        """fp16 weights with everything that a runtime looks for beside them."""
        ...
