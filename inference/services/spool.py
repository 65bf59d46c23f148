"""The sound of a live session on disk, encrypted, before anything is acknowledged or recognised.

`<session>.pcm` holds one sealed record a frame. `<session>.idx` begins with the session's own key, wrapped
by the storage key, then one little-endian uint64 a frame: where that frame ends in the bare sound; so the
number of frames is the next sequence number. The index is written after the sound: what the index does not
name was never acknowledged, is cut off on opening, and comes again.

Whoever has the index open for writing holds a lock on it: two processes never write one session. Who wants
it leaves a note, `<session>.want`; the holder sees it (`is_wanted`) and lets go.
"""

import contextlib
import os
import sys
import threading
import time
import wave
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from base.encryption import reseal, seal, unseal
from base.locks import LockedError, lock, sync_folder
from base.storage import data_path
from inference.services.sealing import KEY_BYTES, OVERHEAD_BYTES, FrameSeal

SAMPLE_RATE_HZ = 16_000
BYTES_PER_MS = 32
ENTRY_BYTES = 8
MAGIC = b"AUSPOOL1"
WRAPPED_BYTES = 144  # a Fernet token of 32 bytes is 140, filled up to whole entries
HEADER_BYTES = len(MAGIC) + WRAPPED_BYTES
TAKE_OVER_S = 5.0
ASK_AGAIN_S = 0.5
_PIECE_BYTES = 1 << 16


class SpoolHeldError(Exception):
    """Another process writes this session and did not let go."""


class SpoolDamagedError(Exception):
    """No spool of ours, or its first bytes are gone."""


class Spool:
    """Open for one writer. Every method may block on the disk: call it from a thread. Of the index only its
    end is kept in memory: a session lasts for hours, and sound is rarely read again.

    Raises SpoolHeldError, SpoolDamagedError, WrongStorageKey.
    """

    def __init__(self, relative: str, wait_s: float = TAKE_OVER_S) -> None:
        self.path = data_path(relative)
        self._index_path = self.path.with_suffix(".idx")
        self._want = self.path.with_suffix(".want")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._is_torn: bool = False
        self._index = _open(self._index_path)
        try:
            self._claim(wait_s)
            self._sound = _open(self.path)
            self._seal = FrameSeal(self._session_key())
            ends = _ends_of(self._index)
            self._count, self._size_bytes = len(ends), ends[-1] if ends else 0
            self._cut_back()
        except BaseException:
            self._index.close()
            raise

    @property
    def next_seq(self) -> int:
        return self._count

    @property
    def saved_ms(self) -> int:
        return self._size_bytes // BYTES_PER_MS

    @property
    def is_wanted(self) -> bool:
        """Another process waits for this session."""
        return self._want.exists()

    def append(self, frames: Sequence[bytes]) -> None:
        """On return the frames are on the disk. On OSError none of them is."""
        with self._writing:
            if self._index.closed:
                raise OSError("the spool was given to another process")
            ends, end = [], self._size_bytes
            for frame in frames:
                end += len(frame)
                ends.append(end)
            sealed = [self._seal.seal(self.next_seq + at, frame) for at, frame in enumerate(frames)]
            try:
                if self._is_torn:
                    self._cut_back()
                self._is_torn = True
                _write(self._sound, b"".join(sealed))
                _write(self._index, b"".join(end.to_bytes(ENTRY_BYTES, "little") for end in ends))
                self._is_torn = False
            except OSError:
                with contextlib.suppress(OSError):  # a disk that refuses this, too, is asked before the next
                    self._cut_back()
                raise
            self._count, self._size_bytes = self._count + len(ends), end

    def read(self, start_ms: int = 0, end_ms: int | None = None) -> Iterator[bytes]:
        """The bare sound of a stretch, in pieces of whole samples."""
        count = self._count  # what is being written now is not
        with self._index_path.open("rb") as index, self.path.open("rb") as sound:
            yield from _stretch(sound, self._seal, _ends_of(index)[:count], start_ms, end_ms)

    def close(self) -> None:
        """Lets go of it; a write under way is waited for, one that comes later is refused."""
        with self._writing:
            self._sound.close()
            self._index.close()

    def _claim(self, wait_s: float) -> None:
        """Asks again and again: a third one that slipped in between has taken the note for an old one."""
        until_s = time.monotonic() + wait_s
        pause_s = 0.0
        while True:
            try:
                lock(self._index, pause_s)
                break
            except LockedError as error:
                self._want.touch()
                if time.monotonic() >= until_s:
                    raise SpoolHeldError(str(self.path)) from error
                pause_s = min(ASK_AGAIN_S, until_s - time.monotonic())
        self._want.unlink(missing_ok=True)

    def _session_key(self) -> bytes:
        """Made with the spool."""
        self._index.seek(0)
        header = self._index.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:  # never finished, so nothing was acknowledged
            key = os.urandom(KEY_BYTES)
            self._index.truncate(0)
            self._index.seek(0)
            _write(self._index, MAGIC + seal(key).ljust(WRAPPED_BYTES, b"\0"))
            sync_folder(self.path.parent)
            return key
        return _key_of(header, self.path)

    def _cut_back(self) -> None:
        index_bytes = HEADER_BYTES + self._count * ENTRY_BYTES
        sound_bytes = self._size_bytes + self._count * OVERHEAD_BYTES
        for stream, size in ((self._index, index_bytes), (self._sound, sound_bytes)):
            stream.truncate(size)
            stream.seek(size)
        self._is_torn = False


def spool_read(relative: str) -> Iterator[bytes]:
    """What was acknowledged so far, also while another process writes. Raises as Spool does."""
    path = data_path(relative)
    with path.with_suffix(".idx").open("rb") as index, path.open("rb") as sound:
        header = index.read(HEADER_BYTES)
        yield from _stretch(sound, FrameSeal(_key_of(header, path)), _ends_of(index), 0, None)


def spool_to_wav(relative: str, target: Path) -> None:
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        for piece in spool_read(relative):
            out.writeframesraw(piece)


def spool_remove(relative: str) -> None:
    """The key goes first: what might be left of the sound is unreadable."""
    path = data_path(relative)
    for suffix in (".idx", ".pcm", ".want", ".grow"):
        path.with_suffix(suffix).unlink(missing_ok=True)


def spool_exists(relative: str) -> bool:
    return data_path(relative).with_suffix(".idx").is_file()


def spool_size_ms(relative: str) -> int:
    """What was acknowledged; 0 when there is nothing."""
    if not spool_exists(relative):
        return 0
    path = data_path(relative).with_suffix(".idx")
    with path.open("rb") as index:
        ends = _ends_of(index)
    return ends[-1] // BYTES_PER_MS if ends else 0


def spool_is_held(relative: str) -> bool:
    """Does a living process write it?"""
    if not spool_exists(relative):
        return False
    path = data_path(relative).with_suffix(".idx")
    with path.open("r+b") as index:
        try:
            lock(index)
        except LockedError:
            return True
    return False


def spool_rekey(relative: str) -> None:
    """The session's key is wrapped by the first storage key. Raises as Spool does."""
    path = data_path(relative).with_suffix(".idx")
    with path.open("r+b", buffering=0) as index:
        header = index.read(HEADER_BYTES)
        _key_of(header, path)
        index.seek(0)
        _write(index, MAGIC + reseal(_wrapped(header)).ljust(WRAPPED_BYTES, b"\0"))


def _stretch(
    stream: BinaryIO, seal: FrameSeal, ends: Sequence[int], start_ms: int, end_ms: int | None
) -> Iterator[bytes]:
    first, last = start_ms * BYTES_PER_MS, ends[-1] if ends else 0
    if end_ms is not None:
        last = min(last, end_ms * BYTES_PER_MS)
    piece = bytearray()
    begin = 0
    for number, end in enumerate(ends):
        if end > first and begin < last:
            stream.seek(begin + number * OVERHEAD_BYTES)
            frame = seal.open(number, stream.read(end - begin + OVERHEAD_BYTES))
            piece += frame[max(0, first - begin) : last - begin]
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
        begin = end
    if piece:
        yield bytes(piece)


def _ends_of(index: BinaryIO) -> "array[int]":
    """Where each frame ends in the bare sound; half an entry at the end does not count."""
    index.seek(HEADER_BYTES)
    entries = index.read()
    ends = array("Q", entries[: len(entries) - len(entries) % ENTRY_BYTES])
    if sys.byteorder == "big":
        ends.byteswap()
    return ends


def _key_of(header: bytes, path: Path) -> bytes:
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        raise SpoolDamagedError(str(path))
    return unseal(_wrapped(header))


def _wrapped(header: bytes) -> bytes:
    return header[len(MAGIC) : HEADER_BYTES].rstrip(b"\0")


def _open(path: Path) -> BinaryIO:
    path.touch(exist_ok=True)
    return path.open("r+b", buffering=0)


def _write(stream: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]
    os.fdatasync(stream.fileno()) if hasattr(os, "fdatasync") else os.fsync(stream.fileno())
