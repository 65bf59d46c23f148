"""The systems that are compared, each a process that takes turns (serve_turns.py), in its own environment."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / "var" / "benchmarks"


@dataclass
class System:
    """`note` says what was done to a peer."""

    name: str
    command: list[str]
    is_ours: bool
    note: str = ""
    is_given_pieces: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None

    def start(self, threads: int) -> None:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        }
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.about = self._answer()

    def turn(self, audio: Path) -> dict[str, Any]:
        """-> wall_s, cpu_s, texts."""
        assert self.process and self.process.stdin
        self.process.stdin.write(f"{audio}\n")
        self.process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        if self.process and self.process.stdin:
            self.process.stdin.close()
            self.process.wait(timeout=60)

    def _answer(self) -> dict[str, Any]:
        assert self.process and self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {' '.join(self.command)}")
        return json.loads(line)


def ours(model: Path, backend: str, compute_type: str) -> System:
    script = [sys.executable, "-m", "benchmarks.transcribe.run_ours"]
    return System(f"{backend} {compute_type}", [*script, str(model), backend, compute_type], is_ours=True)


def pipeline(model: Path) -> System:
    script = [sys.executable, "-m", "benchmarks.transcribe.run_pipeline", str(model)]
    return System("transformers pipeline", script, is_ours=False, note="greedy, batches of 16")


def faster_whisper(converted: Path, compute_type: str, threads: int) -> System:
    return System(
        f"faster-whisper {compute_type}",
        [
            str(environment("faster-whisper") / "bin" / "python"),
            str(HERE / "run_faster_whisper.py"),
            *(str(converted), compute_type, str(threads)),
        ],
        is_ours=False,
        note="BatchedInferencePipeline, greedy, word_timestamps, clips as batches of 16; so that it hears as "
        "well as it can: language tokens kept (CTranslate2 takes a small vocabulary for an English-only "
        "model), windows filled with silence in place of zeros, no symbols suppressed",
    )


def faster_whisper_given_pieces(converted: Path, compute_type: str, threads: int) -> System:
    """For clips that this model does not hear as one: cut for it as ours cuts them."""
    system = faster_whisper(converted, compute_type, threads)
    system.name += " given the pieces"
    system.is_given_pieces = True
    return system


def environment(package: str) -> Path:
    """A virtual environment with one package in it, made the first time."""
    folder = ENVIRONMENTS / package
    done = folder / "installed"
    if not done.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "-q", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, package], check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return folder
