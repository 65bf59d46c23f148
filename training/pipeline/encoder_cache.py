"""What a frozen encoder makes of each cut, computed once: then a step costs the decoder alone.

Only where the features are the same in every epoch (no SpecAugment masks), and each cut in a window of its
own (whole seconds), so that what is kept is what a step would compute.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.pipeline.batches import grid_window
from training.pipeline.config import PipelineConfig
from training.pipeline.features import FeatureStore
from training.pipeline.folder import emit, written_whole

PASS_FRAMES = 6_000  # of one forward pass of the encoder: a minute


def encoder_is_frozen(config: PipelineConfig) -> bool:
    if config.method == "layers":
        return config.encoder_layers == 0
    return config.method in {"adalora", "lora"} and not config.adapt_encoder


def may_cache(config: PipelineConfig) -> bool:
    masked = config.augment and (config.frequency_masks or config.time_masks)
    return config.cache_encoder and encoder_is_frozen(config) and not masked and config.padded_share == 0


class EncoderCache:
    """(positions, width) float16 of each cut, one after the other in a memory-mapped file."""

    def __init__(self, path: Path, store: FeatureStore, width: int) -> None:
        positions = [grid_window(cut.frames, store.full_frames) // 2 for cut in store.cuts]
        self._ends = np.cumsum(positions)
        self._positions = positions
        self._array = np.memmap(path, np.float16, "r", shape=(int(self._ends[-1]), width))

    def of(self, indices: Sequence[int]) -> list[np.ndarray]:
        """(positions, width) float32 of each."""
        return [
            self._array[self._ends[i] - self._positions[i] : self._ends[i]].astype(np.float32)
            for i in indices
        ]


@torch.inference_mode()
def write_cache(path: Path, store: FeatureStore, encoder: Any, device: torch.device) -> None:
    """Encodes every cut, in the order in which they stand."""
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        at = 0
        while at < len(store.cuts):
            window = grid_window(store.cuts[at].frames, store.full_frames)
            batch = [at]
            while at + len(batch) < len(store.cuts) and window * (len(batch) + 1) <= PASS_FRAMES:
                following = at + len(batch)
                if grid_window(store.cuts[following].frames, store.full_frames) != window:
                    break
                batch.append(following)
            features = store.batch([store.frames_of(i) for i in batch], batch, window).features
            hidden = encoder(features.to(device)).last_hidden_state
            stream.write(hidden.to(torch.float16).cpu().numpy().tobytes())
            at += len(batch)
            emit(stage="train", doing="encoder", step=0, total_steps=0)
