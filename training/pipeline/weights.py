"""The identity of a model folder: the hash of its weights, and what `auscult.json` says of it. No torch."""

import hashlib
import json
from pathlib import Path
from typing import Any

from training.pipeline.folder import write_json

CARD = "auscult.json"
_CHUNK_BYTES = 1 << 20


def sha256_of_weights(model: Path) -> str:
    """Of all safetensors of a folder in the order of their names; empty when it is no local folder."""
    files = sorted(Path(model).glob("*.safetensors"))
    if not files:
        return ""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def card_of(ref: str) -> dict[str, Any]:
    """auscult.json of a local folder; empty for any other Whisper."""
    path = Path(ref) / CARD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_card(model: Path, card: dict[str, Any]) -> None:
    write_json(model / CARD, card)


def window_of(ref: str) -> str:
    """How a model is decoded: as long as the speech only when it is marked so (speech/recognizer.py)."""
    return "speech" if card_of(ref).get("variable_window") else "padded"
