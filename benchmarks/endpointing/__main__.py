"""What each rule for the end of an utterance costs and brings, from synthesised dictations with pauses.

Peer: a fixed hangover of 480 ms. Run: `python -m benchmarks.endpointing [--quick]`
"""

import argparse
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.endpointing.dictations import Dictation, dictations
from benchmarks.endpointing.simulation import EngineDelay, Outcome, simulate
from benchmarks.figures import Figure, emit
from inference.streaming.events import Heard, Request
from inference.streaming.options import DEFAULT_ENDPOINT, EndpointOptions, Hangover, SessionOptions
from speech.metrics import cer, summarise
from speech.recognizer import DecodeOptions, Recognizer, load
from speech.segment import utterances
from speech.types import Word
from speech.vad import speech_spans

COMMAND = "python -m benchmarks.endpointing"
# As measured at the engine with eight speakers on two cores.
DELAY = EngineDelay(p50_ms=100, p95_ms=220)
FORMER = EndpointOptions(pause_ms=224, tail_ms=192, hangover=Hangover.fixed(480))
SETTINGS = {
    "480 ms, asked at 224": FORMER,
    "480 ms": replace(DEFAULT_ENDPOINT, hangover=Hangover.fixed(480)),
    "320 ms": replace(DEFAULT_ENDPOINT, hangover=Hangover.fixed(320)),
    "256 ms": replace(DEFAULT_ENDPOINT, hangover=Hangover.fixed(256)),
    "192 ms": replace(DEFAULT_ENDPOINT, hangover=Hangover.fixed(192)),
    "by the text: 192, 256, 640 ms (default)": DEFAULT_ENDPOINT,
    "by the text: 256, 320, 800 ms": replace(DEFAULT_ENDPOINT, hangover=Hangover(256, 320, 480, 800)),
}
BAR_MS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """Latencies from the true end of the last word: `sentence` where a sentence ended there, `every` also
    where the speaker only paused in one."""

    sentence_ms_p50: float
    sentence_ms_p95: float
    every_ms_p95: float
    cer: float
    cut_in_sentence: float  # of the pauses inside sentences
    joined: float  # of the pauses between sentences
    decodes_per_utterance: float
    utterances: int


class Ears:
    """Every sound is decoded once, however many settings ask for it."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._known: dict[bytes, Heard] = {}

    def hear(self, request: Request) -> Heard:
        return self.hear_pcm(request.pcm)

    def hear_pcm(self, pcm: bytes) -> Heard:
        key = hashlib.sha1(pcm).digest()
        if key not in self._known:
            samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
            (heard,) = self._recognizer.transcribe([samples], DecodeOptions())
            self._known[key] = Heard(heard.text, heard.words, avg_logprob=heard.avg_logprob)
        return self._known[key]


def measure(spoken: list[Dictation], endpoint: EndpointOptions, hear: Callable[[Request], Heard]) -> Row:
    options = SessionOptions(endpoint)
    outcomes = [simulate(d.samples, options, hear, DELAY, seed) for seed, d in enumerate(spoken)]
    late = [one for d, outcome in zip(spoken, outcomes, strict=True) for one in _latencies_ms(d, outcome)]
    texts = [" ".join(final.text for final, _ in outcome.finals) for outcome in outcomes]
    pauses = [_borders(d, outcome) for d, outcome in zip(spoken, outcomes, strict=True)]
    inner, between = sum(len(d.inner) for d in spoken), sum(len(d.between) for d in spoken)
    count = sum(len(outcome.finals) for outcome in outcomes)
    p50, p95 = np.percentile([ms for ms, ends_sentence in late if ends_sentence], [50, 95])
    return Row(
        round(float(p50)),
        round(float(p95)),
        round(float(np.percentile([ms for ms, _ in late], 95))),
        _cer(spoken, texts),
        round(sum(found for found, _ in pauses) / inner, 3),
        round(1 - sum(found for _, found in pauses) / between, 3),
        round(sum(outcome.decodes for outcome in outcomes) / count, 2),
        count,
    )


def offline_cer(spoken: list[Dictation], ears: Ears) -> float:
    """The same sound as a recording is heard: cut with all of it known."""
    texts = []
    for d in spoken:
        pcm = (np.clip(d.samples, -1, 1) * 32767).astype("<i2").tobytes()
        cut = utterances(d.samples, speech_spans(d.samples))
        texts.append(" ".join(ears.hear_pcm(pcm[u.start_ms * 32 : u.end_ms * 32]).text for u in cut))
    return _cer(spoken, texts)


def main(count: int) -> None:
    spoken, ears = dictations(count), Ears(load(os.environ.get("AUSCULT_BASE_MODEL", "models/auscult-base")))
    offline = offline_cer(spoken, ears)
    rows = {name: measure(spoken, endpoint, ears.hear) for name, endpoint in SETTINGS.items()}
    former = next(iter(rows.values()))
    for name, row in rows.items():
        more = {
            "setting": name,
            "p50": row.sentence_ms_p50,
            "every_p95": row.every_ms_p95,
            "cer": row.cer,
            "cer_offline": offline,
        }
        more |= {"cut_in_sentence": row.cut_in_sentence, "joined": row.joined}
        more |= {"decodes_per_utterance": row.decodes_per_utterance, "utterances": row.utterances}
        emit(
            Figure(
                "endpointing",
                "final_latency_ms_p95",
                row.sentence_ms_p95,
                "ms",
                COMMAND,
                "fixed hangover of 480 ms",
                former.sentence_ms_p95,
                round(row.sentence_ms_p95 / former.sentence_ms_p95, 2),
                BAR_MS,
                row.sentence_ms_p95 <= BAR_MS,
                more,
            )
        )


def _latencies_ms(spoken: Dictation, outcome: Outcome) -> list[tuple[float, bool]]:
    """From the true end of the last word of each utterance to its final text; did a sentence end there?"""
    found = []
    sentence_ends = {pause.start_ms for pause in spoken.between} | {spoken.words[-1].end_ms}
    for final, at_ms in outcome.finals:
        ends = [w.end_ms for w in spoken.words if final.start_ms <= _middle(w) < final.end_ms]
        if ends:
            found.append((at_ms - ends[-1], ends[-1] in sentence_ends))
    return found


def _borders(spoken: Dictation, outcome: Outcome) -> tuple[int, int]:
    """In how many pauses inside sentences, and between them, an utterance ended."""
    ends = [final.end_ms for final, _ in outcome.finals]
    counts = [
        sum(any(p.start_ms <= end <= p.end_ms + 300 for end in ends) for p in pauses)
        for pauses in (spoken.inner, spoken.between)
    ]
    return counts[0], counts[1]


def _middle(word: Word) -> int:
    return (word.start_ms + word.end_ms) // 2


def _cer(spoken: list[Dictation], texts: list[str]) -> float:
    rates = [cer(d.text, text) for d, text in zip(spoken, texts, strict=True)]
    return round(summarise(rates).corpus or 0.0, 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    main(10 if parser.parse_known_args()[0].quick else 24)
