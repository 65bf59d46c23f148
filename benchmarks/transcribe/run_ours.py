"""Ours, with word times and probabilities. Run by systems.py: FOLDER BACKEND COMPUTE_TYPE."""

import sys
from importlib import import_module
from typing import Any

from benchmarks.transcribe.serve_turns import serve
from speech.recognizer import DecodeOptions, Recognizer, load


def main(folder: str, backend: str, compute_type: str) -> None:
    recognizer: Recognizer
    if backend == "ctranslate2":
        recognizer = import_module("speech.backends.ctranslate2").load(folder, compute_type=compute_type)
    else:
        recognizer = load(folder, backend)

    def transcribe(sounds: list[Any]) -> list[str]:
        heard = recognizer.transcribe(sounds, DecodeOptions())
        if not any(word.probability is not None for one in heard for word in one.words):
            raise RuntimeError("no word came with a time and a probability")
        return [one.text for one in heard]

    serve(transcribe, {"backend": backend, "compute_type": getattr(recognizer, "compute_type", "")})


if __name__ == "__main__":
    main(*sys.argv[1:])
