"""Files under DATA_DIR: written whole or not at all, addressed by what they contain."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

_CHUNK_BYTES = 1 << 20


def data_path(relative: str) -> Path:
    """Absolute path of a stored file; refuses a name that leaves DATA_DIR."""
    root = Path(settings.DATA_DIR).resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{relative!r} is outside the data folder")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it over `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def staged(chunks: Iterable[bytes], folder: str, suffix: str = "") -> Iterator[tuple[Path, str]]:
    """Writes a stream to a temporary file of `folder`: yields (its path, hex SHA-256).

    The file is gone when the block ends, unless `place` has moved it to its address.
    """
    root = data_path(folder)
    root.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=root, prefix=".part-", suffix=suffix)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            for chunk in chunks:
                digest.update(chunk)
                stream.write(chunk)
        yield temporary, digest.hexdigest()
    finally:
        temporary.unlink(missing_ok=True)


def place(temporary: Path, digest: str, folder: str, suffix: str) -> str:
    """Moves a staged file to the address of its content -> path relative to DATA_DIR."""
    relative = f"{folder}/{digest[:2]}/{digest}{suffix}"
    target = data_path(relative)
    target.parent.mkdir(exist_ok=True)
    temporary.replace(target)
    return relative


def keep(chunks: Iterable[bytes], folder: str, suffix: str) -> tuple[str, str]:
    """Stores a stream under its own SHA-256: -> (path relative to DATA_DIR, hex digest).

    The same content is stored once.
    """
    with staged(chunks, folder) as (temporary, digest):
        return place(temporary, digest, folder, suffix), digest
