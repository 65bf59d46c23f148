"""Runs in WhisperLiveKit's own environment: its server, or its transcriber over files, on our weights.

What it does with them is in bundled_model.py. LocalAgreement hears its whole buffer (up to 15 s) anew in each
pass.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial

from bundled_model import (  # first: it declares the model multilingual
    AS_TRAINED,
    RATE_HZ,
    Remembered,
    pieces,
    print_heard,
)
from faster_whisper import WhisperModel
from whisperlivekit.local_agreement.backends import FasterWhisperASR

BEAMS = 5  # its own
OPTIONS = {"beam_size": BEAMS, "word_timestamps": True, **AS_TRAINED}


class PausingASR(FasterWhisperASR):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._heard = Remembered()

    def transcribe(self, audio, init_prompt=""):
        """-> segments with words, their times from the start of `audio`."""
        return [
            _moved(segment, span["start"] / RATE_HZ)
            for span in pieces(audio)
            for segment in self._hear(audio[span["start"] : span["end"]])
        ]

    def _hear(self, piece):
        heard = self._heard.get(piece)
        if heard is None:
            segments, _ = self.model.transcribe(piece, language="zh", **OPTIONS)
            heard = list(segments)
            self._heard.put(piece, heard)
        return heard


def _moved(segment, by_s):
    words = [replace(word, start=word.start + by_s, end=word.end + by_s) for word in segment.words or []]
    return replace(segment, start=segment.start + by_s, end=segment.end + by_s, words=words)


def serve(model, port):
    import whisperlivekit.local_agreement.whisper_online as whisper_online

    whisper_online.FasterWhisperASR = PausingASR
    policy = ["--backend", "faster-whisper", "--backend-policy", "localagreement", "--model-path", model]
    address = ["--host", "127.0.0.1", "--port", str(port), "--pcm-input", "--log-level", "WARNING"]
    # No file to warm up with: it would be fetched. The benchmark warms every server up.
    sys.argv = ["wlk", *policy, *address, "--lan", "zh", "--warmup-file", ""]
    from whisperlivekit.basic_server import main

    main()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("serve", "offline"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--listing")
    asked = parser.parse_args()
    if asked.what == "serve":
        serve(asked.model, asked.port)
    else:
        hears = WhisperModel(asked.model, device="cpu", compute_type="auto")
        print_heard(asked.listing, partial(hears.transcribe, language="zh", beam_size=BEAMS, **AS_TRAINED))
