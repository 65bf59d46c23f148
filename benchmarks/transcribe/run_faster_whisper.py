"""faster-whisper's batched pipeline, in its own environment. Run by systems.py: FOLDER COMPUTE_TYPE THREADS.

Utterances are handed over as the clips of one recording: that is how its batches are filled. Greedy, one
temperature, with word times, as ours.
"""

import sys
from typing import Any

import ctranslate2
import numpy as np
from serve_turns import serve

BATCH, RATE_HZ = 16, 16_000


class Multilingual(ctranslate2.models.Whisper):
    """CTranslate2 takes a vocabulary smaller than openai's for an English-only model, and faster-whisper
    then leaves out the language; the model was trained with it and hears nothing right without."""

    is_multilingual = property(lambda self: True)


def padded_with_silence(features: Any, frames: int = 3000) -> Any:
    """faster-whisper fills up with zeros, which are no silence; this model was trained with silence."""
    missing = max(0, frames - features.shape[-1])
    return np.pad(features[..., :frames], [(0, 0), (0, missing)], constant_values=features.min())


def main(folder: str, compute_type: str, threads: str) -> None:
    ctranslate2.models.Whisper = Multilingual
    import faster_whisper.transcribe
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    faster_whisper.transcribe.pad_or_trim = padded_with_silence
    model = WhisperModel(folder, device="cpu", compute_type=compute_type, cpu_threads=int(threads))
    batched = BatchedInferencePipeline(model)

    def transcribe(sounds: list[Any]) -> list[str]:
        ends_s = np.cumsum([len(sound) for sound in sounds]) / RATE_HZ
        starts_s = [0.0, *ends_s[:-1]]
        clips = [{"start": a, "end": b} for a, b in zip(starts_s, ends_s, strict=True)]
        segments, _ = batched.transcribe(
            np.concatenate(sounds),
            language="zh",
            beam_size=1,
            temperature=0.0,
            word_timestamps=True,
            suppress_tokens=[],  # the symbols that it would leave out share their bytes with hanzi here
            clip_timestamps=clips,
            batch_size=BATCH,
        )
        texts = [""] * len(sounds)
        for segment in segments:
            middle_s = segment.seek * 0.01 + 0.05  # frames of 10 ms up to the clip
            texts[int(np.searchsorted(ends_s, middle_s, side="right"))] += segment.text
        return texts

    serve(transcribe, {"compute_type": compute_type})


if __name__ == "__main__":
    main(*sys.argv[1:])
