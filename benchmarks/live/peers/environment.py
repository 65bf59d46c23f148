"""An environment of its own for a peer (its pins are not ours), and the bundled weights in its format.

Made once under var/benchmarks and kept. Only what its faster-whisper backend imports is installed: the rest
of a peer's requirements is for other engines, microphones and CUDA, and weighs gigabytes.
"""

import json
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live.gold import Dictation, pcm16
from speech.audio import SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parents[3]
CHECKPOINT = ROOT / "models" / "auscult-base"
INSIDE = Path(__file__).with_name(
    "inside"
)  # what runs in the peers' environments and imports nothing of ours
NEEDED = (
    "torch==2.13.0",  # the CPU build, as in our own environment
    "faster-whisper==1.2.0",
    "ctranslate2==4.8.5",
    "numpy==2.4.6",
    "websockets==17.4",
    "tokenizers==0.23.3",
    "transformers==5.23.0",  # the converter reads the checkpoint with it
    "fastapi",
    "uvicorn",
    "python-multipart",
)


@dataclass(frozen=True, slots=True)
class Environment:
    """`script`: of `inside/`, with the commands serve and offline. `needed`: beside NEEDED."""

    package: str
    version: str
    script: str
    needed: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        return ROOT / "var" / "benchmarks" / self.package

    @property
    def model(self) -> Path:
        return self.home / "model"

    def prepare(self) -> None:
        """Does nothing when all is there."""
        self._install()
        self._convert()

    def command(self, *arguments: str) -> list[str]:
        return [str(self._python), str(INSIDE / self.script), *arguments, "--model", str(self.model)]

    def offline(self, dictations: Sequence[Dictation], folder: Path, *arguments: str) -> list[str]:
        """Each dictation's utterances heard by the peer's transcriber, outside the server."""
        listing = folder / "offline.json"
        files = []
        for dictation in dictations:
            files.append(
                [str(folder / f"{dictation.name}-{i}.wav") for i in range(len(dictation.utterances))]
            )
            for path, samples in zip(files[-1], dictation.cut(), strict=True):
                with wave.open(path, "wb") as out:
                    out.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
                    out.writeframes(pcm16(samples))
        listing.write_text(json.dumps(files))
        command = [*self.command("offline", *arguments), "--listing", str(listing)]
        heard = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [" ".join(texts) for texts in json.loads(heard.splitlines()[-1])]

    @property
    def _python(self) -> Path:
        return self.home / "venv" / "bin" / "python"

    def _install(self) -> None:
        done = self.home / f"installed-{self.version}"
        if done.exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", str(self.home / "venv")], check=True)
        pip = [str(self._python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *NEEDED, *self.needed], check=True)
        subprocess.run([*pip, "--no-deps", f"{self.package}=={self.version}"], check=True)
        done.touch()

    def _convert(self) -> None:
        """The checkpoint for CTranslate2, which makes int8 of it on loading."""
        if (self.model / "model.bin").exists():
            return
        converter = str(self._python.with_name("ct2-transformers-converter"))
        unfinished = self.model.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        paths = ["--model", str(CHECKPOINT), "--output_dir", str(unfinished)]
        files = ["--copy_files", "tokenizer.json", "preprocessor_config.json"]
        converted = [converter, *paths, *files, "--quantization", "float32"]
        subprocess.run(converted, check=True, capture_output=True)
        unfinished.rename(self.model)
