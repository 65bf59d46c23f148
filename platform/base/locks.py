"""A lock on a file, for what only one process may do at a time. The kernel lets go of it with the process."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PAUSE_S = 0.02


class LockedError(Exception):
    """Somebody else holds it."""


def lock(stream: BinaryIO, wait_s: float = 0.0) -> None:
    """Held until the file is closed. Raises LockedError when it is still held after `wait_s`. Blocks."""
    until_s = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise LockedError(stream.name) from None
            time.sleep(_PAUSE_S)
        else:
            return


@contextmanager
def held(path: Path, wait_s: float = 0.0) -> Iterator[None]:
    """The file itself is only the lock's name; it stays. Raises LockedError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        lock(stream, wait_s)
        yield


def sync_folder(folder: Path) -> None:
    """A new file's name is on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
