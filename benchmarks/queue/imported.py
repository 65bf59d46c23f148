"""One recording as it comes in: written by the product's own services, without the minutes of decoding."""

import random
import uuid

from accounts.models import Site
from annotation.models import Recording, RecordingStatus, Segment
from annotation.services.hypotheses import hypotheses_store
from annotation.services.sound import segments_store
from benchmarks.queue.fill import PER_RECORDING, SEGMENT_MS, TEXT, WORDS
from speech import types

BATCH = 8  # as the drafting worker hands them over


def recording_of_a_hundred(site: Site) -> int:
    """-> how many segments."""
    recording = Recording.objects.create(
        site=site,
        title="import",
        original_sha256=uuid.uuid4().hex * 2,
        status=RecordingStatus.NORMALISED,
        duration_ms=PER_RECORDING * SEGMENT_MS,
    )
    rows = [
        Segment(
            recording=recording,
            site=site,
            index=index,
            start_ms=index * SEGMENT_MS,
            end_ms=index * SEGMENT_MS + 3500,
        )
        for index in range(PER_RECORDING)
    ]
    segments_store(recording=recording, segments=rows)
    segments = list(recording.segments.order_by("index"))
    for at in range(0, len(segments), BATCH):
        batch = [(segment, _heard()) for segment in segments[at : at + BATCH]]
        hypotheses_store(results=batch, model_ref="bench", settings={})
    return len(segments)


def _heard() -> types.Hypothesis:
    logprob = -3 * random.random()
    words = tuple(
        types.Word(text, 600 * at, 600 * (at + 1), sure * random.random())
        for at, (text, sure) in enumerate(WORDS)
    )
    return types.Hypothesis(
        text=TEXT,
        tokens=tuple(types.Token(text, logprob) for text, _ in WORDS),
        words=words,
        avg_logprob=logprob,
        no_speech_prob=0.01,
        compression_ratio=1.0,
        language="zh",
    )
