"""Lets faster-whisper, inside a peer's environment, hear with the bundled model. Imports nothing of Auscult.

Four things about the model would make it hear badly there, and the text could not be compared; they are
bridged here, each in the peer's favour:

- CTranslate2 takes its vocabulary (4,185 pieces) for an English one; then no language token is given. It is
  declared multilingual.
- It never saw timestamp tokens, from which the peers learn where segments end. It is asked for none, and
  sound is cut where the voice pauses, by the VAD that faster-whisper brings; each piece is a window of its
  own, as it was in training.
- It never saw a prompt: the text before is not given.
- It was trained with silence behind what is said; faster-whisper fills its window up with zeros, which are
  none (CER 11.0 in place of 1.8 % on this benchmark's utterances). Silence is put there.

Cut into pieces, what is heard again in each pass would cost a window for each, where a model that hears 30 s
at once needs one; so what was heard before is remembered.
"""

import json
import wave
from collections import OrderedDict

import ctranslate2
import numpy as np

RATE_HZ = 16_000


class Multilingual(ctranslate2.models.Whisper):
    is_multilingual = True


ctranslate2.models.Whisper = Multilingual  # before anything imports faster_whisper

import faster_whisper.transcribe  # noqa: E402
from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: E402

PAUSES = VadOptions(threshold=0.5, min_silence_duration_ms=480, speech_pad_ms=200, max_speech_duration_s=28)
AS_TRAINED = {"without_timestamps": True, "condition_on_previous_text": False, "suppress_tokens": []}


def padded_with_silence(features, length=3000, *, axis=-1):
    """In the place of faster-whisper's pad_or_trim."""
    missing = max(0, length - features.shape[-1])
    return np.pad(features[..., :length], [(0, 0), (0, missing)], constant_values=features.min())


faster_whisper.transcribe.pad_or_trim = padded_with_silence


class Remembered:
    """What was heard in the pieces of all sessions; the oldest are forgotten."""

    def __init__(self, most=512):
        self._heard, self._most = OrderedDict(), most

    def get(self, piece):
        """None: not heard yet."""
        return self._heard.get(piece.tobytes())

    def put(self, piece, heard):
        self._heard[piece.tobytes()] = heard
        if len(self._heard) > self._most:
            self._heard.popitem(last=False)


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
