"""Drafted segments as the ranking sees them: what was heard, also by another model, and terms nearby."""

from collections.abc import Sequence

from annotation.models import Hypothesis, Segment
from annotation.ranking.priority import Candidate
from annotation.ranking.words import Heard
from speech import types
from speech.lexicon import Lexicon, NearMiss


def candidate(
    segment: Segment,
    heard: types.Hypothesis,
    flags: Sequence[str],
    lexicon: Lexicon,
    other: str | None = None,
) -> Candidate:
    """`other`: what another model heard in the same sound. Reads the segment's recording."""
    recording = segment.recording
    named = {"speaker": recording.speaker, "department": recording.department}
    return Candidate(
        key=str(segment.uuid),
        heard=Heard(heard, speech_ms_of(segment), segment.snr_db, other, near_terms(heard, lexicon)),
        flags=flags,
        duration_ms=segment.duration_ms,
        groups=tuple(f"{kind} {name}" for kind, name in named.items() if name),
        terms=tuple(lexicon.find(heard.text)),
    )


def near_terms(heard: types.Hypothesis, lexicon: Lexicon) -> tuple[NearMiss, ...]:
    return tuple(lexicon.near_misses(heard.text))


def other_texts(segments: Sequence[Segment]) -> dict[int, str]:
    """By segment: what the newest other model heard before its draft was made; of the others there is none.

    Nothing that came after the draft counts: a later model may have learned from the very correction that
    it would be compared with, and what a person asked to hear is of a part of the sound.
    """
    drafts = {segment.pk: segment.hypothesis for segment in segments if segment.hypothesis}
    rows = (
        Hypothesis.objects.filter(segment__in=drafts, asked_by=None)
        .order_by("id")
        .values_list("pk", "segment_id", "model_ref", "text")
    )
    return {
        segment: text
        for pk, segment, model_ref, text in rows
        if pk < drafts[segment].pk and model_ref != drafts[segment].model_ref
    }


def speech_ms_of(segment: Segment) -> int:
    return segment.duration_ms if segment.speech_ms is None else segment.speech_ms
