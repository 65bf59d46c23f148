"""Prepared utterances: log-mel frames in one memory-mapped fp16 array, and their label ids beside it.

A cut is what is read of it: the features of one utterance at their own length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from training.pipeline.cuts import FRAMES_PER_S, IGNORED, Batch, Cut
from training.pipeline.families import family_named
from training.pipeline.folder import read_json, write_json, written_whole

__all__ = ["FRAMES_PER_S", "IGNORED", "Batch", "Cut", "FeatureStore", "write_store"]


class FeatureStore:
    """The array and the cuts of one split, read only."""

    def __init__(self, folder: Path, split: str) -> None:
        meta = read_json(folder / f"{split}.json")
        self.prefix: list[int] = meta["prefix"]
        self.pad_id: int = meta["pad_id"]
        self.full_frames: int = meta["full_frames"]
        self._family = family_named(meta.get("family", "whisper"))
        self.cuts = [Cut(**{**cut, "ids": tuple(cut["ids"])}) for cut in meta["cuts"]]
        shape = (meta["frames"], meta["mels"])
        self._frames = np.memmap(folder / f"{split}.f16", np.float16, "r", shape=shape) if self.cuts else None

    def frames_of(self, index: int) -> np.ndarray:
        """(frames, mels) float32."""
        assert self._frames is not None
        cut = self.cuts[index]
        return self._frames[cut.first_frame : cut.first_frame + cut.frames].astype(np.float32)

    def batch(
        self, frames: Sequence[np.ndarray], indices: Sequence[int], window: int, encoded: bool = False
    ) -> Batch:
        """As the family puts them together, padded to `window` frames; what is `encoded` has its length."""
        cuts = [self.cuts[index] for index in indices]
        return self._family.collate(
            frames, cuts, window=window, prefix=self.prefix, pad_id=self.pad_id, encoded=encoded
        )


def write_store(
    folder: Path,
    split: str,
    cuts_and_frames: Iterable[tuple[Cut, np.ndarray]],
    *,
    mels: int,
    prefix: Sequence[int],
    pad_id: int,
    full_frames: int,
    family: str = "whisper",
) -> list[Cut]:
    """Writes the array as it comes, then the cuts. Each array is (frames, mels)."""
    cuts: list[Cut] = []
    at = 0
    with written_whole(folder / f"{split}.f16") as temporary, temporary.open("wb") as stream:
        for cut, frames in cuts_and_frames:
            stream.write(np.ascontiguousarray(frames, dtype=np.float16).tobytes())
            cuts.append(Cut(cut.id, at, len(frames), cut.ids, cut.replay, cut.copy))
            at += len(frames)
    meta = {
        "family": family,
        "frames": at,
        "mels": mels,
        "prefix": list(prefix),
        "pad_id": pad_id,
        "full_frames": full_frames,
        "cuts": [asdict(cut) for cut in cuts],
    }
    write_json(folder / f"{split}.json", meta)
    return cuts
