"""The pipeline of transformers, as its documentation batches it. Run by systems.py: FOLDER.

Words with times where the model can give them; without times where that fails, to its advantage.
"""

import sys
from typing import Any

import numpy as np
from transformers import pipeline

from benchmarks.transcribe.serve_turns import serve

BATCH = 16


def main(folder: str) -> None:
    hears = pipeline("automatic-speech-recognition", model=folder, dtype="float32", device="cpu")
    asked = {"language": "zh", "task": "transcribe", "num_beams": 1, "max_new_tokens": 200}

    def transcribe(sounds: list[Any], times: Any) -> list[str]:
        inputs = [{"raw": np.asarray(sound), "sampling_rate": 16_000} for sound in sounds]
        heard = hears(inputs, batch_size=BATCH, return_timestamps=times, generate_kwargs=asked)
        return [one["text"].strip() for one in heard]

    def has_word_times() -> bool:
        try:
            return bool(transcribe([np.zeros(16_000, np.float32)], "word"))
        except (ValueError, TypeError, IndexError, KeyError, RuntimeError, AttributeError):
            return False

    times = "word" if "--without-times" not in sys.argv and has_word_times() else False
    serve(lambda sounds: transcribe(sounds, times), {"word_times": bool(times), "compute_type": "float32"})


if __name__ == "__main__":
    main(sys.argv[1])
