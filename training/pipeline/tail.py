"""What somebody else writes into a file, passed on to stdout line by line as it comes."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY_S = 0.2


@contextmanager
def copied_to_stdout(path: Path) -> Iterator[None]:
    """While it lasts; the file may come later. At the end what is left is copied too."""
    ended = threading.Event()
    thread = threading.Thread(target=_copy, args=(path, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _copy(path: Path, ended: threading.Event) -> None:
    position, rest = 0, b""
    while True:
        is_last = ended.wait(EVERY_S)
        if path.exists():
            # Opened anew each time: a network file system shows what other machines wrote on opening.
            with path.open("rb") as stream:
                stream.seek(position)
                read = stream.read()
            position += len(read)
            lines, newline, rest = (rest + read).rpartition(b"\n")
            sys.stdout.write((lines + newline).decode("utf-8", "replace"))
            sys.stdout.flush()
        if is_last:
            return
