"""Manifests: JSON Lines, one utterance a line; what training and evaluation read.

Knows nothing of databases; a path is as the writer gave it, absolute or relative to a root.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speech.audio import read_flac
from speech.types import Word


class ManifestError(Exception):
    """The manifest cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance: a stretch of a 16 kHz mono file, what was said in it, and by whom.

    `source` tells where it comes from: human, synthetic, replay, ...
    """

    audio_path: str
    start_ms: int
    end_ms: int
    text: str
    speaker: str
    id: str
    words: tuple[Word, ...] = ()
    source: str = ""

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms


def write(path: Path, utterances: Iterable[Utterance]) -> str:
    """Write atomically; returns the SHA-256 (hex) of the bytes. Equal utterances give equal bytes."""
    path = Path(path)
    digest = hashlib.sha256()
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        for utterance in utterances:
            line = json.dumps(asdict(utterance), ensure_ascii=False, sort_keys=True).encode() + b"\n"
            digest.update(line)
            file.write(line)
    temporary.replace(path)
    return digest.hexdigest()


def word_of(fields: dict[str, Any]) -> Word:
    """JSON knows no tuples."""
    return Word(**{**fields, "alternatives": tuple(fields.get("alternatives", ()))})


def read(path: Path) -> list[Utterance]:
    """All utterances in order. Raises ManifestError for a line that is none."""
    return list(each(path))


def each(path: Path) -> Iterator[Utterance]:
    """One after the other, for whoever wants only the first. Raises ManifestError as `read` does."""
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
                fields["words"] = tuple(map(word_of, fields.get("words", ())))
                utterance = Utterance(**fields)
            except (ValueError, TypeError, AttributeError) as error:
                raise ManifestError(f"{path}, line {number}: not an utterance ({error})") from error
            yield utterance


def load_audio(utterance: Utterance, root: Path) -> np.ndarray:
    """The samples of one utterance: float32 mono 16 kHz, (samples,). An absolute path ignores the root."""
    return read_flac(Path(root) / utterance.audio_path, utterance.start_ms, utterance.end_ms)
