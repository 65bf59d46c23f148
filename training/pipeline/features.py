"""Prepared utterances: log-mel frames in one memory-mapped fp16 array, and their label ids beside it.

A cut is what is read of it: the features of one utterance at their own length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from training.pipeline.folder import read_json, write_json, written_whole

FRAMES_PER_S = 100
# Whisper's features are (log10 mel, clamped to 8 below its maximum, + 4) / 4: silence is 2 below the maximum.
SILENCE_BELOW_MAXIMUM = 2.0
IGNORED = -100  # targets that the loss does not see


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one utterance lies in the array. `ids` is text and end token, without the decoder prefix."""

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

    features (batch, mels, frames) float32, or `encoded`: what the encoder made of it (batch, positions, d).
    """

    features: torch.Tensor
    decoder_ids: torch.Tensor
    targets: torch.Tensor
    general: torch.Tensor
    encoded: bool = False


class FeatureStore:
    """The array and the cuts of one split, read only."""

    def __init__(self, folder: Path, split: str) -> None:
        meta = read_json(folder / f"{split}.json")
        self.prefix: list[int] = meta["prefix"]
        self.pad_id: int = meta["pad_id"]
        self.full_frames: int = meta["full_frames"]
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
        """Features padded with silence to `window` frames, and the teacher-forced decoder input.

        Targets are the decoder input one step on; the prefix is masked and the end token stands once.
        What is `encoded` has its length already.
        """
        padded = np.stack(frames if encoded else [_pad(one, window) for one in frames])
        features = padded if encoded else padded.transpose(0, 2, 1)
        sequences = [[*self.prefix, *self.cuts[index].ids] for index in indices]
        length = max(map(len, sequences)) - 1
        decoder_ids = torch.full((len(sequences), length), self.pad_id)
        targets = torch.full((len(sequences), length), IGNORED)
        first = len(self.prefix) - 1
        for row, sequence in enumerate(sequences):
            decoder_ids[row, : len(sequence) - 1] = torch.tensor(sequence[:-1])
            targets[row, first : len(sequence) - 1] = torch.tensor(sequence[first + 1 :])
        general = torch.tensor([self.cuts[index].replay for index in indices])
        speech = torch.from_numpy(np.ascontiguousarray(features))
        return Batch(speech, decoder_ids, targets, general, encoded)


def write_store(
    folder: Path,
    split: str,
    cuts_and_frames: Iterable[tuple[Cut, np.ndarray]],
    *,
    mels: int,
    prefix: Sequence[int],
    pad_id: int,
    full_frames: int,
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
        "frames": at,
        "mels": mels,
        "prefix": list(prefix),
        "pad_id": pad_id,
        "full_frames": full_frames,
        "cuts": [asdict(cut) for cut in cuts],
    }
    write_json(folder / f"{split}.json", meta)
    return cuts


def _pad(frames: np.ndarray, window: int) -> np.ndarray:
    """(n, mels) -> (window, mels); what is added is what Whisper's extractor makes of digital silence."""
    frames = frames[:window]
    padded = np.full((window, frames.shape[1]), frames.max() - SILENCE_BELOW_MAXIMUM, dtype=np.float32)
    padded[: len(frames)] = frames
    return padded
