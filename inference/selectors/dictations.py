"""Demo dictations: sound for the live path in place of a microphone, with what is said in it."""

from dataclasses import dataclass
from pathlib import Path

from base.storage import data_path

FOLDER = "demo/dictations"


@dataclass(frozen=True, slots=True)
class Dictation:
    number: int
    path: Path
    text: str


def demo_dictations() -> list[Dictation]:
    """In the order of their names, numbered from 1; empty where no demo hospital was built."""
    folder = data_path(FOLDER)
    sounds = sorted(folder.glob("*.wav")) if folder.is_dir() else []
    return [Dictation(number, path, _text(path)) for number, path in enumerate(sounds, start=1)]


def demo_dictation(number: int) -> Dictation | None:
    return next((dictation for dictation in demo_dictations() if dictation.number == number), None)


def _text(path: Path) -> str:
    reference = path.with_suffix(".txt")
    return reference.read_text(encoding="utf-8").strip() if reference.is_file() else ""
