"""Runs in WhisperLive's own environment: its server, or its transcriber over files, on the bundled weights.

What it does with them is in bundled_model.py.
"""

import argparse
import logging
from functools import partial

import numpy as np
from bundled_model import (  # first: it declares the model multilingual
    AS_TRAINED,
    RATE_HZ,
    Remembered,
    padded_with_silence,
    pieces,
    print_heard,
)
from faster_whisper.tokenizer import Tokenizer
from whisper_live import batch_inference
from whisper_live.backend import faster_whisper_backend
from whisper_live.transcriber import transcriber_faster_whisper
from whisper_live.transcriber.transcriber_faster_whisper import Segment, WhisperModel

transcriber_faster_whisper.pad_or_trim = padded_with_silence  # it has a copy of faster-whisper's own


class PausingModel(WhisperModel):
    """transcribe() cuts at pauses and hears each piece by itself."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._heard = Remembered()

    def transcribe(self, audio, vad_filter=False, vad_parameters=None, **options):
        if not vad_filter:
            return super().transcribe(audio, **options, **AS_TRAINED)
        found: list[Segment] = []
        info = None
        for span in pieces(audio):
            piece = audio[span["start"] : span["end"]]
            known = self._heard.get(piece)
            if known is None:
                heard, info = super().transcribe(piece, **options, **AS_TRAINED)
                known = list(heard or []), info
                self._heard.put(piece, known)
            heard, info = known
            text = "".join(segment.text for segment in heard or [])
            if text.strip():
                found.append(_segment(len(found), span, text, heard[0].no_speech_prob))
        return (found, info) if info else (None, None)


def _segment(number, span, text, no_speech_prob):
    times = {"start": span["start"] / RATE_HZ, "end": span["end"] / RATE_HZ}
    empty = {"seek": 0, "tokens": [], "avg_logprob": 0.0, "compression_ratio": 1.0, "words": None}
    return Segment(id=number, text=text, no_speech_prob=no_speech_prob, temperature=0.0, **times, **empty)


HEARD = Remembered(4096)  # so many that none is forgotten between its features and its text


class PausingBatches(batch_inference.BatchInferenceWorker):
    """The batched path: all pieces of all sessions of a batch that are new, encoded and decoded together."""

    def _process_multi(self, batch):
        spoken = [(request, span, piece) for request in batch for span, piece, _ in request.features]
        windows = [
            (request, piece, features)
            for request in batch
            for _, piece, features in request.features
            if features is not None
        ]
        for first in range(0, len(windows), self.max_batch_size):
            part = windows[first : first + self.max_batch_size]
            encoded = self.transcriber.encode(np.stack([features for _, _, features in part]))
            results = self.transcriber.model.generate(
                encoded,
                [self._prompt(request) for request, _, _ in part],
                beam_size=self.beam_size,
                max_length=self.transcriber.max_length,
                suppress_blank=True,
                suppress_tokens=[],
                return_no_speech_prob=True,
            )
            for (_, piece, _), result in zip(part, results, strict=True):
                HEARD.put(piece, result)
        heard: dict[int, list] = {id(request): [] for request in batch}
        for request, span, piece in spoken:
            heard[id(request)].append((span, HEARD.get(piece)))
        for request in batch:
            # None: silence, which need not be heard again.
            request.result = self._segments(request, heard[id(request)]) if request.features else None
            request.info = self._make_info(request, len(request.audio) / RATE_HZ, request.speech_duration)
            request.future.set()

    def _tokenizer(self, request):
        return Tokenizer(self.transcriber.hf_tokenizer, True, task=request.task, language=request.language)

    def _prompt(self, request):
        return self.transcriber.get_prompt(self._tokenizer(request), [], without_timestamps=True)

    def _segments(self, request, results):
        tokenizer = self._tokenizer(request)
        found: list[Segment] = []
        for span, result in results:
            text = tokenizer.decode(result.sequences_ids[0])
            if text.strip():
                found.append(_segment(len(found), span, text, result.no_speech_prob))
        return found


def _features(transcriber, piece):
    """None: it was heard already."""
    if HEARD.get(piece) is not None:
        return None
    return padded_with_silence(transcriber.feature_extractor(piece))


def prepare_features(transcriber, request):
    """In the session's thread, as WhisperLive does it: where the pieces lie and their features."""
    spans = pieces(request.audio)
    cut = [(span, request.audio[span["start"] : span["end"]]) for span in spans]
    request.features = [(span, piece, _features(transcriber, piece)) for span, piece in cut]
    request.speech_duration = sum(span["end"] - span["start"] for span in spans) / RATE_HZ


faster_whisper_backend.WhisperModel = PausingModel
batch_inference.BatchInferenceWorker = PausingBatches
batch_inference.prepare_features = prepare_features


def serve(model, port, batched):
    from whisper_live.server import TranscriptionServer

    logging.getLogger().setLevel(logging.WARNING)
    TranscriptionServer().run(
        "127.0.0.1",
        port=port,
        backend="faster_whisper",
        faster_whisper_custom_model_path=model,
        single_model=True,
        max_clients=1000,
        max_connection_time=24 * 3600,
        batch_enabled=batched,
        # It would turn clients away; here it may show how far it gets.
        batch_max_queue_wait_s=600.0,
        batch_max_admissions_per_s=1000.0,
    )


def offline(model, listing, batched):
    hears = PausingModel(model, device="cpu", compute_type="int8")
    print_heard(listing, partial(hears.transcribe, language="zh", beam_size=1 if batched else 5))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("serve", "offline"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--batched", action="store_true")
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--listing")
    asked = parser.parse_args()
    if asked.what == "serve":
        serve(asked.model, asked.port, asked.batched)
    else:
        offline(asked.model, asked.listing, asked.batched)
