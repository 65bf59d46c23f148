"""An environment of its own for WhisperLive (its pins are not ours), and the bundled weights in its format.

Made once under var/benchmarks and kept. Only what its faster-whisper backend imports is installed: the rest
of its requirements is for TensorRT, OpenVINO, microphones and CUDA, and weighs gigabytes.
"""

import json
import shutil
import socket
import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

from benchmarks.live.gold import Dictation, pcm16
from speech.audio import SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "benchmarks" / "whisperlive"
SCRIPT = Path(__file__).with_name("whisperlive_process.py")
VERSION = "0.10.0"
NEEDED = (
    "torch==2.13.0",  # the CPU build, as in our own environment
    "faster-whisper==1.2.0",
    "ctranslate2==4.8.5",
    "numpy==2.4.6",
    "websockets==17.4",
    "tokenizers==0.23.3",
    "transformers==5.23.0",  # its converter reads the checkpoint with it
    "fastapi",
    "uvicorn",
    "python-multipart",
    "requests",
    "psutil",
)
MODEL = HOME / "model"


def install() -> None:
    """Does nothing when it is there."""
    done = HOME / f"installed-{VERSION}"
    if done.exists():
        return
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", str(HOME / "venv")], check=True)
    pip = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *NEEDED], check=True)
    subprocess.run([*pip, "--no-deps", f"whisper-live=={VERSION}"], check=True)
    done.touch()


def convert(checkpoint: Path) -> None:
    """The checkpoint for CTranslate2, which makes int8 of it on loading. Does nothing when it is there."""
    if (MODEL / "model.bin").exists():
        return
    command = [str(_python().with_name("ct2-transformers-converter")), "--model", str(checkpoint)]
    files = ["--copy_files", "tokenizer.json", "preprocessor_config.json"]
    unfinished = MODEL.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    converted = [*command, "--output_dir", str(unfinished), *files, "--quantization", "float32"]
    subprocess.run(converted, check=True, capture_output=True)
    unfinished.rename(MODEL)


def serve_command(port: int, batched: bool) -> list[str]:
    return [*_process("serve", batched), "--port", str(port)]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def offline(dictations: Sequence[Dictation], folder: Path, batched: bool) -> list[str]:
    """Each dictation's utterances heard by its transcriber, outside the server."""
    listing = folder / "offline.json"
    files = []
    for dictation in dictations:
        files.append([str(folder / f"{dictation.name}-{i}.wav") for i in range(len(dictation.utterances))])
        for path, samples in zip(files[-1], dictation.cut(), strict=True):
            with wave.open(path, "wb") as out:
                out.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
                out.writeframes(pcm16(samples))
    listing.write_text(json.dumps(files))
    command = [*_process("offline", batched), "--listing", str(listing)]
    heard = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [" ".join(texts) for texts in json.loads(heard.splitlines()[-1])]


def _process(what: str, batched: bool) -> list[str]:
    return [str(_python()), str(SCRIPT), what, "--model", str(MODEL), *(["--batched"] if batched else [])]


def _python() -> Path:
    return HOME / "venv" / "bin" / "python"
