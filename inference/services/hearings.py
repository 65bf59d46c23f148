"""A stretch of a segment is heard again, as a person asks: another language, another model of the registry.

The engine does the work, over HTTP; what it hears is stored beside the segment's draft, never over it.
"""

from typing import Any

import httpx
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import Hypothesis, Segment
from annotation.selectors.segments import EDITORS
from annotation.services.hypotheses import hypothesis_add
from base.errors import Conflict, DomainError, NotFound
from base.storage import data_path
from inference.services.engines import engine_addresses
from speech.audio import AudioDecodeError, float_to_pcm16, read_flac
from speech.recognizer import AUTO_LANGUAGE
from speech.types import Hypothesis as Heard
from speech.types import Span, Token, Word
from training.models import SpeechModel

LANGUAGES = ("zh", "en", AUTO_LANGUAGE)
AROUND_MS = 150  # word times are right to some tens of milliseconds: no word is to be cut
SHORTEST_MS = 300
# A model that is not loaded yet takes its time; an engine that is not there refuses at once.
TIMEOUT = httpx.Timeout(90.0, connect=2.0)


class EngineAway(DomainError):
    status = 503


def segment_hear(
    *, user: User, segment: Segment, model: SpeechModel, language: str, span: Span | None = None
) -> Hypothesis:
    """`span` is a stretch in the segment's own time, None all of it; the words' times are in it too.

    Raises DomainError `span_too_short`, NotFound `no_audio`, EngineAway or Conflict `model_refused`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    stretch = _widened(span, segment) if span else Span(0, segment.duration_ms)
    if stretch.duration_ms < SHORTEST_MS:
        raise DomainError("span_too_short", _("That is too short to be heard by itself."))
    answer = _ask(_sound(segment, stretch), model, language)
    return hypothesis_add(
        segment=segment,
        heard=_heard(answer, stretch.start_ms),
        flags=answer["flags"],
        model_ref=model.ref,
        adapter_ref=model.adapter_path,
        settings={"language": language, "span_ms": [stretch.start_ms, stretch.end_ms], "by": "engine"},
        asked_by=user,
    )


def _widened(span: Span, segment: Segment) -> Span:
    start_ms = min(max(0, span.start_ms - AROUND_MS), segment.duration_ms)
    return Span(start_ms, max(start_ms, min(span.end_ms + AROUND_MS, segment.duration_ms)))


def _sound(segment: Segment, stretch: Span) -> bytes:
    try:
        samples = read_flac(
            data_path(segment.recording.audio_path),
            segment.start_ms + stretch.start_ms,
            segment.start_ms + stretch.end_ms,
        )
    except AudioDecodeError as error:
        raise NotFound("no_audio", _("This recording has no sound yet.")) from error
    return float_to_pcm16(samples)


def _ask(pcm: bytes, model: SpeechModel, language: str) -> dict[str, Any]:
    query = {"model": model.ref, "language": language, "lane": "final", "word_times": "1"}
    away = _("The recogniser does not answer now. Your text is as it was; try again in a moment.")
    answer = _first_answer(query, pcm)
    if answer is None:
        raise EngineAway("engine_away", away)
    if answer.status_code == 503:
        raise EngineAway("engine_busy", _("The recogniser is busy. Try again in a moment."))
    if answer.status_code in (404, 422):
        raise Conflict("model_refused", _("This model cannot hear that: choose another model or language."))
    if answer.status_code != 200:
        raise EngineAway("engine_failed", away)
    return answer.json()


def _first_answer(query: dict[str, str], pcm: bytes) -> httpx.Response | None:
    """Of the engines in their order; None when all are away."""
    # trust_env: a proxy has no business between two processes of one machine.
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        for address in engine_addresses():
            try:
                return client.post(f"{address}/v1/transcribe", params=query, content=pcm)
            except httpx.HTTPError:
                continue
    return None


def _heard(answer: dict[str, Any], start_ms: int) -> Heard:
    return Heard(
        text=answer["text"],
        tokens=tuple(Token(**token) for token in answer["tokens"]),
        words=tuple(
            Word(one["text"], one["start_ms"] + start_ms, one["end_ms"] + start_ms, one["probability"])
            for one in answer["words"]
        ),
        avg_logprob=answer["avg_logprob"],
        no_speech_prob=answer["no_speech_prob"],
        compression_ratio=answer["compression_ratio"],
        language=answer["language"],
    )
