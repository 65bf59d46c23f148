"""How much faster drafts are when the window is as long as the speech.

Peer: the same utterances padded to 30 s, as every stock Whisper recipe decodes them.
Run: `python -m benchmarks.decode [--quick]`
"""

import argparse
import os
import random
import time

from benchmarks.figures import Figure, emit
from speech.acoustics import Channel, Room
from speech.audio import SAMPLE_RATE_HZ
from speech.grammar import held_out_sentence
from speech.metrics import cer, summarise
from speech.recognizer import DecodeOptions, load
from speech.voices import HELD_OUT_VARIANTS, draw_voice
from training.demo.scenes import Scene, speak

BATCH = 8
QUIET_ROOM = Channel(Room(rt60_s=0.25, distance_m=0.4, seed=1), "pink", 24.0)
BAR = 2.0


def takes(count: int) -> list:
    rng = random.Random(7)
    return [
        speak(Scene(f"bench-{i}", (held_out_sentence(rng),), draw_voice(rng, HELD_OUT_VARIANTS), QUIET_ROOM))
        for i in range(count)
    ]


def main(count: int) -> None:
    recognizer = load(os.environ.get("AUSCULT_BASE_MODEL", "models/auscult-base"), "transformers")
    spoken = takes(count)
    audio_s = sum(len(take.samples) for take in spoken) / SAMPLE_RATE_HZ
    speed, rate = {}, {}
    for window in ("speech", "padded"):
        options = DecodeOptions(window=window)
        recognizer.transcribe([spoken[0].samples], options)  # warm up
        started = time.perf_counter()
        heard = [
            hypothesis
            for at in range(0, count, BATCH)
            for hypothesis in recognizer.transcribe([t.samples for t in spoken[at : at + BATCH]], options)
        ]
        speed[window] = audio_s / (time.perf_counter() - started)
        rate[window] = summarise([cer(t.text, h.text) for t, h in zip(spoken, heard, strict=True)]).corpus
    command = "python -m benchmarks.decode"
    ratio = speed["speech"] / speed["padded"]
    emit(
        Figure(
            "decode",
            "times_real_time",
            round(speed["speech"], 1),
            "x",
            command,
            "30 s windows",
            round(speed["padded"], 1),
            round(ratio, 2),
            BAR,
            ratio >= BAR,
        )
    )
    emit(
        Figure(
            "decode",
            "cer_general",
            round(rate["speech"], 4),
            "fraction",
            command,
            "30 s windows",
            round(rate["padded"], 4),
            round(rate["speech"] / max(rate["padded"], 1e-9), 2),
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    main(24 if parser.parse_known_args()[0].quick else 160)
