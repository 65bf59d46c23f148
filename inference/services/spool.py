"""The sound of a live session on disk, before anything is acknowledged or recognised.

`<session>.pcm` is the bare sound. `<session>.idx` holds one little-endian uint64 a frame: where that frame
ends in the sound; so the number of frames is the next sequence number. The index is written after the
sound: what the index does not name was never acknowledged, is cut off on opening, and comes again.
"""

import contextlib
import os
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from base.storage import data_path

SAMPLE_RATE_HZ = 16_000
BYTES_PER_MS = 32
ENTRY_BYTES = 8
_CHUNK_BYTES = 1 << 16


class Spool:
    """Open for one writer. Every method may block on the disk: call it from a thread."""

    def __init__(self, relative: str) -> None:
        self.path = data_path(relative)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._sound = _open(self.path)
        self._index = _open(self.path.with_suffix(".idx"))
        entries = self._index.seek(0, os.SEEK_END) // ENTRY_BYTES
        self.next_seq = entries
        self.size_bytes = self._entry(entries - 1)
        self._cut_back()

    @property
    def saved_ms(self) -> int:
        return self.size_bytes // BYTES_PER_MS

    def append(self, frames: Sequence[bytes]) -> None:
        """On return the frames are on the disk. On OSError none of them is."""
        ends, end = [], self.size_bytes
        for frame in frames:
            end += len(frame)
            ends.append(end)
        try:
            _write(self._sound, b"".join(frames))
            _write(self._index, b"".join(end.to_bytes(ENTRY_BYTES, "little") for end in ends))
        except OSError:
            with contextlib.suppress(OSError):
                self._cut_back()
            raise
        self.next_seq += len(frames)
        self.size_bytes = end

    def read(self, start_ms: int = 0) -> Iterator[bytes]:
        """The sound from `start_ms` on, in pieces of whole samples."""
        with self.path.open("rb") as stream:
            stream.seek(start_ms * BYTES_PER_MS)
            while piece := stream.read(_CHUNK_BYTES):
                yield piece

    def close(self) -> None:
        self._sound.close()
        self._index.close()

    def _entry(self, number: int) -> int:
        if number < 0:
            return 0
        self._index.seek(number * ENTRY_BYTES)
        return int.from_bytes(self._index.read(ENTRY_BYTES), "little")

    def _cut_back(self) -> None:
        for stream, size in ((self._index, self.next_seq * ENTRY_BYTES), (self._sound, self.size_bytes)):
            stream.truncate(size)
            stream.seek(size)


def spool_to_wav(relative: str, target: Path) -> None:
    with wave.open(str(target), "wb") as out, data_path(relative).open("rb") as sound:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        while piece := sound.read(_CHUNK_BYTES):
            out.writeframesraw(piece)


def spool_remove(relative: str) -> None:
    path = data_path(relative)
    path.unlink(missing_ok=True)
    path.with_suffix(".idx").unlink(missing_ok=True)


def spool_size_ms(relative: str) -> int:
    """What can be trusted of a spool that nobody writes any more; 0 when there is none."""
    if not data_path(relative).is_file():
        return 0
    spool = Spool(relative)
    spool.close()
    return spool.saved_ms


def _open(path: Path) -> BinaryIO:
    path.touch(exist_ok=True)
    return path.open("r+b", buffering=0)


def _write(stream: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]
    os.fdatasync(stream.fileno()) if hasattr(os, "fdatasync") else os.fsync(stream.fileno())
