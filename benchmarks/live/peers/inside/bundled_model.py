"""Lets faster-whisper, inside a peer's environment, hear with the bundled model. Imports nothing of Auscult.

Three things about the model would make it hear badly there, and the text could not be compared; they are
bridged here, each in the peer's favour:

- CTranslate2 takes its vocabulary (4,185 pieces) for an English one; then no language token is given. It is
  declared multilingual.
- It never saw timestamp tokens, from which the peers learn where segments end. It is asked for none, and
  sound is cut where the voice pauses, by the VAD that faster-whisper brings; each piece is a window of its
  own, as it was in training.
- It never saw a prompt: the text before is not given.
"""

import json
import wave

import ctranslate2
import numpy as np

RATE_HZ = 16_000


class Multilingual(ctranslate2.models.Whisper):
    is_multilingual = True


ctranslate2.models.Whisper = Multilingual  # before anything imports faster_whisper

from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: E402

PAUSES = VadOptions(threshold=0.5, min_silence_duration_ms=480, speech_pad_ms=200, max_speech_duration_s=28)
AS_TRAINED = {"without_timestamps": True, "condition_on_previous_text": False, "suppress_tokens": []}


def pieces(audio):
    """Where somebody speaks: [{start, end}] in samples."""
    return get_speech_timestamps(audio, PAUSES)


def print_heard(listing, transcribe):
    """`listing`: lists of WAV files in JSON. Prints the texts alike."""
    with open(listing) as file:
        recordings = json.load(file)
    print(json.dumps([[_heard(transcribe, path) for path in paths] for paths in recordings]))


def _heard(transcribe, path):
    with wave.open(path) as stream:
        samples = np.frombuffer(stream.readframes(stream.getnframes()), "<i2").astype(np.float32) / 32768.0
    segments, _ = transcribe(samples)
    return "".join(segment.text for segment in segments)
