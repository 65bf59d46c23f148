"""The demo hospital's recordings cut into segments as ingestion cuts them, and its frozen medical set.

No database: the same pure code that the services call. What was really said stands beside each segment, for
the simulated expert alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from speech import quality
from speech.audio import SAMPLE_RATE_HZ, normalise_loudness
from speech.segment import utterances
from speech.types import Span
from speech.vad import speech_spans
from training.demo.references import References
from training.demo.scenes import Take, speak_all
from training.demo.script import Sizes, write_script

_SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment of the pool, or an utterance of a set: (samples,) float32 at 16 kHz, and what was said."""

    key: str
    recording: str
    site: str
    speaker: str
    samples: np.ndarray
    said: str
    speech_ms: int
    snr_db: float | None

    @property
    def duration_ms(self) -> int:
        return len(self.samples) // _SAMPLES_PER_MS


@dataclass(frozen=True, slots=True)
class Hospital:
    """`pool` is what experts may be served, `held_out` scores the models, `replay` is general speech."""

    pool: list[Spoken]
    held_out: list[Spoken]
    replay: list[Spoken]


def build(sizes: Sizes) -> Hospital:
    script = write_script(sizes)
    pool = [one for take in speak_all(script.recordings) for one in _segments(take)]
    return Hospital(pool, _whole(speak_all(script.medical_set)), _whole(speak_all(script.replay)))


def _segments(take: Take) -> list[Spoken]:
    samples, _ = normalise_loudness(take.samples)
    speech = speech_spans(samples)
    references = References({take.scene.name: take.words})
    found = []
    for index, span in enumerate(utterances(samples, speech)):
        said = references.text(take.scene.name, span.start_ms, span.end_ms)
        if said:
            found.append(_spoken(take, f"{take.scene.name}/{index}", samples, span, said, speech))
    return found


def _whole(takes: Iterable[Take]) -> list[Spoken]:
    found = []
    for take in takes:
        span = Span(0, len(take.samples) // _SAMPLES_PER_MS)
        found.append(_spoken(take, take.scene.name, take.samples, span, take.text, [span]))
    return found


def _spoken(take: Take, key: str, samples: np.ndarray, span: Span, said: str, speech: list[Span]) -> Spoken:
    own = samples[span.start_ms * _SAMPLES_PER_MS : span.end_ms * _SAMPLES_PER_MS]
    inside_ms = [min(span.end_ms, part.end_ms) - max(span.start_ms, part.start_ms) for part in speech]
    snr_db = quality.measure(own).snr_db
    return Spoken(
        key=key,
        recording=take.scene.name,
        site=take.scene.site,
        speaker=take.scene.voice.name,
        samples=own,
        said=said,
        speech_ms=sum(max(0, part) for part in inside_ms),
        snr_db=snr_db if snr_db is not None and np.isfinite(snr_db) else None,
    )
