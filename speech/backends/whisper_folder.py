"""What a Whisper's folder says of itself, read without loading the model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speech.recognizer import ModelLoadError


def check_folder(folder: Path) -> None:
    """Raises ModelLoadError with the reason where it cannot be a Whisper."""
    try:
        family = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError) as error:
        raise ModelLoadError(f"The folder {folder} holds no readable config.json.") from error
    if family != "whisper":
        raise ModelLoadError(f"The folder {folder} holds a {family} model, neither a Whisper nor a Parakeet.")


@dataclass(frozen=True, slots=True)
class Card:
    """What auscult.json says of a model. `variable_window`: it was tuned on windows of the utterance's own
    length; `longest_utterance_ms`: and on none longer than this (None: up to its full window)."""

    variable_window: bool = False
    longest_utterance_ms: int | None = None


def card_of(folder: Path, config: Any = None) -> Card:
    notes = folder / "auscult.json"
    if notes.is_file():
        said = json.loads(notes.read_text(encoding="utf-8"))
        return Card(bool(said.get("variable_window", False)), said.get("longest_utterance_ms"))
    return Card(bool(getattr(config, "variable_window", False)))


def local_folder(ref: str) -> Path:
    """The folder of a model: itself, or where the hub's cache keeps it. Raises ModelLoadError."""
    folder = Path(ref)
    if folder.is_dir():
        return folder
    if folder.is_absolute():
        raise ModelLoadError(f"There is no model folder {ref}.")
    from huggingface_hub import snapshot_download  # only hub ids need it

    try:
        return Path(snapshot_download(ref))
    except (OSError, ValueError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelLoadError(f"The model {ref} could not be loaded: {reason}") from error
