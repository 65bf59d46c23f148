"""A transformers Whisper as a CTranslate2 folder: converted once, found again by the hash of its weights.

The conversion runs in a process of its own, so that who decodes with CTranslate2 never imports torch.
A folder is whole or absent. Old ones may be deleted at any time; they are made again.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from speech.recognizer import ModelLoadError

ROOT = Path(__file__).resolve().parents[2]
FORMAT = 1  # of what this module adds to a folder; a new one converts again
FOLDERS_KEPT = 8
COPIED = ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json")
NAMED = ("config.json", "generation_config.json", *COPIED)


def cache_folder() -> Path:
    """Under the data folder of the installation; AUSCULT_DATA_DIR as in the settings."""
    return Path(os.environ.get("AUSCULT_DATA_DIR") or ROOT / "var") / "cache" / "ctranslate2"


def converted(folder: Path, compute_type: str, adapter: Path | None = None) -> Path:
    """The CTranslate2 folder of a transformers folder (with an adapter merged in). Raises ModelLoadError."""
    name = f"{key_of(folder, adapter)}-{compute_type}"
    target = cache_folder() / name
    if not (target / "model.bin").is_file():
        _convert(folder, compute_type, adapter, target)
        _put_away_old(target)
    with contextlib.suppress(OSError):  # a read-only cache serves as well
        os.utime(target)
    return target


def key_of(folder: Path, adapter: Path | None = None) -> str:
    """A hash of all that the conversion reads."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    weights = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin"))
    named = [folder / name for name in NAMED if (folder / name).is_file()]
    adapted = sorted(path for path in adapter.iterdir() if path.is_file()) if adapter else []
    for path in [*weights, *named, *adapted]:
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _convert(folder: Path, compute_type: str, adapter: Path | None, target: Path) -> None:
    """Two processes that convert at once make the same; the one that comes second throws its own away."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".converting-") as work:
        made = Path(work) / "model"
        command = [sys.executable, "-m", "speech.backends.ct2_convert", str(folder), str(made), compute_type]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(
            [*command, *([str(adapter)] if adapter else [])], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModelLoadError(f"The model {folder} could not be loaded: {reason}")
        try:
            made.rename(target)
        except OSError:
            if not (target / "model.bin").is_file():
                raise


def _put_away_old(newest: Path) -> None:
    """Keeps those used last. A process that has one loaded needs its files no longer."""
    folders = [path for path in newest.parent.iterdir() if (path / "model.bin").is_file()]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in folders[FOLDERS_KEPT:]:
        if old != newest:
            shutil.rmtree(old, ignore_errors=True)
