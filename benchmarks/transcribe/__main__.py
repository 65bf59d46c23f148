"""Offline speed with word times and probabilities, and what it costs in CER. Same weights, same threads.

Peers: faster-whisper's batched pipeline (in an environment of its own) and the pipeline of transformers.
Run: `python -m benchmarks.transcribe [--quick] [--threads 1]`
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, emit
from benchmarks.transcribe.material import Material, short_utterances, window_long
from benchmarks.transcribe.systems import System, faster_whisper, ours, pipeline
from speech.backends.ct2_folder import converted
from speech.metrics import cer, summarise

COMMAND = "python -m benchmarks.transcribe"
BARS = {"3-8 s": 3.0, "30 s": 1.0}
CER_BAR = 0.005


@dataclass(frozen=True, slots=True)
class Measured:
    system: System
    wall_s: float
    cpu_s: float
    texts: Sequence[str]
    cer: float


def main(quick: bool, threads: int) -> None:
    model = Path(os.environ.get("AUSCULT_BASE_MODEL", "models/auscult-base")).resolve()
    materials = [short_utterances(16 if quick else 96), window_long(4 if quick else 12)]
    systems = [
        ours(model, "ctranslate2", "int8"),
        ours(model, "ctranslate2", "float32"),
        ours(model, "transformers", "float32"),
        faster_whisper(converted(model, "int8"), "int8", threads),
        faster_whisper(converted(model, "float32"), "float32", threads),
        pipeline(model),
    ]
    with tempfile.TemporaryDirectory() as work:
        try:
            for system in systems:
                system.start(threads)
            for material in materials:
                _report(material, _measure(systems, material, Path(work), 2 if quick else 3), threads)
        finally:
            for system in systems:
                system.stop()


def _measure(systems: Sequence[System], material: Material, work: Path, rounds: int) -> list[Measured]:
    """The best of some rounds each, in turns: a busy machine only ever takes longer."""
    audio = material.save(work)
    taken = [[system.turn(audio) for system in systems] for _ in range(rounds)]
    return [
        Measured(
            system,
            min(turn["wall_s"] for turn in turns),
            min(turn["cpu_s"] for turn in turns),
            turns[-1]["texts"],
            summarise([cer(a, b) for a, b in zip(material.texts, turns[-1]["texts"], strict=True)]).corpus,
        )
        for system, turns in zip(systems, zip(*taken, strict=True), strict=True)
    ]


def _report(material: Material, measured: Sequence[Measured], threads: int) -> None:
    peer = min((one for one in measured if not one.system.is_ours), key=lambda one: one.wall_s)
    mine = [one for one in measured if one.system.is_ours]
    fastest = min(mine, key=lambda one: one.wall_s)
    for one in mine:
        _speed(material, one, peer, threads, is_bar=one is fastest)
    for one in mine:
        _difference(material, one, peer)
    exact = next(one for one in mine if one.system.name == "ctranslate2 float32")
    small = next(one for one in mine if one.system.name == "ctranslate2 int8")
    emit(
        Figure(
            "transcribe",
            "cer_int8_minus_float32",
            round(small.cer - exact.cer, 4),
            "fraction",
            COMMAND,
            "the same backend in float32",
            round(exact.cer, 4),
            bar=CER_BAR,
            holds=small.cer - exact.cer <= CER_BAR,
            more={"length": material.length, "cer": round(small.cer, 4)},
        )
    )
    for one in measured:
        if not one.system.is_ours:
            _peer(material, one)


def _speed(material: Material, one: Measured, peer: Measured, threads: int, is_bar: bool) -> None:
    """The bar is for the backend that would serve: the fastest of ours."""
    ratio, bar = peer.wall_s / one.wall_s, BARS[material.length]
    emit(
        Figure(
            "transcribe",
            "audio_seconds_per_second",
            round(material.seconds / one.wall_s, 1),
            "x",
            COMMAND,
            peer.system.name,
            round(material.seconds / peer.wall_s, 1),
            round(ratio, 2),
            bar if is_bar else None,
            ratio >= bar if is_bar else None,
            {
                "length": material.length,
                "backend": one.system.name,
                "device": "cpu",
                "threads": threads,
                "utterances": len(material.sounds),
                "ratio_of_cpu_seconds": round(peer.cpu_s / one.cpu_s, 2),
                "cer": round(one.cer, 4),
                "peer_cer": round(peer.cer, 4),
                "peer_note": peer.system.note,
            },
        )
    )


def _difference(material: Material, one: Measured, peer: Measured) -> None:
    difference = one.cer - peer.cer
    emit(
        Figure(
            "transcribe",
            "cer_difference",
            round(difference, 4),
            "fraction",
            COMMAND,
            peer.system.name,
            round(peer.cer, 4),
            bar=CER_BAR,
            holds=difference <= CER_BAR,
            more={"length": material.length, "backend": one.system.name, "cer": round(one.cer, 4)},
        )
    )


def _peer(material: Material, one: Measured) -> None:
    emit(
        Figure(
            "transcribe",
            "peer_audio_seconds_per_second",
            round(material.seconds / one.wall_s, 1),
            "x",
            COMMAND,
            more={
                "length": material.length,
                "system": one.system.name,
                "cer": round(one.cer, 4),
                "note": one.system.note,
                **one.system.about,
            },
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_known_args()[0]
    main(given.quick, given.threads)
