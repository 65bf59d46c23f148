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
from benchmarks.transcribe.systems import (
    System,
    faster_whisper,
    faster_whisper_given_pieces,
    ours,
    pipeline,
)
from speech.backends.ct2_folder import converted
from speech.metrics import cer, summarise

COMMAND = "python -m benchmarks.transcribe"
BARS = {"3-8 s": 3.0, "30 s": 1.0}
CER_BAR = 0.005
ROUNDS = {"3-8 s": 2, "30 s": 4}  # the long ones take less, so that chance weighs more
SERVES = "ctranslate2 int8"  # by default on a CPU


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    system: System
    wall_s: float
    cpu_s: float
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
        faster_whisper_given_pieces(converted(model, "int8"), "int8", threads),
        pipeline(model),
    ]
    with tempfile.TemporaryDirectory() as work:
        try:
            for system in systems:
                system.start(threads)
            for material in materials:
                able = [one for one in systems if material.length == "30 s" or not one.is_given_pieces]
                _report(material, _measure(able, material, Path(work)), threads)
        finally:
            for system in systems:
                system.stop()


def _measure(systems: Sequence[System], material: Material, work: Path) -> list[Measured]:
    """The best of some rounds each, in turns: a busy machine only ever takes longer."""
    audio = material.save(work)
    pieces, owners = material.cut_at_pauses()
    cut = pieces.save(work)
    taken = [
        [system.turn(cut if system.is_given_pieces else audio) for system in systems]
        for _ in range(ROUNDS[material.length])
    ]
    measured = []
    for system, turns in zip(systems, zip(*taken, strict=True), strict=True):
        texts = turns[-1]["texts"]
        if system.is_given_pieces:
            texts = [
                " ".join(text for text, owner in zip(texts, owners, strict=True) if owner == clip)
                for clip in range(len(material.texts))
            ]
        rate = summarise([cer(a, b) for a, b in zip(material.texts, texts, strict=True)]).corpus
        wall_s, cpu_s = (min(turn[key] for turn in turns) for key in ("wall_s", "cpu_s"))
        measured.append(Measured(system, wall_s, cpu_s, rate))
    return measured


def _report(material: Material, measured: Sequence[Measured], threads: int) -> None:
    peers = [one for one in measured if not one.system.is_ours]
    whole = [one for one in peers if not one.system.is_given_pieces]
    fastest = [min(whole, key=lambda one: one.wall_s), *(set(peers) - set(whole))]
    mine = [one for one in measured if one.system.is_ours]
    for peer in fastest:
        for one in mine:
            _speed(material, one, peer, threads)
        for one in mine:
            _difference(material, one, peer)
    exact = next(one for one in mine if one.system.name == "ctranslate2 float32")
    small = next(one for one in mine if one.system.name == SERVES)
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
    for one in peers:
        _peer(material, one)


def _speed(material: Material, one: Measured, peer: Measured, threads: int) -> None:
    """The bar is for the backend that serves by default."""
    ratio, bar = peer.wall_s / one.wall_s, BARS[material.length]
    is_bar = one.system.name == SERVES
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
