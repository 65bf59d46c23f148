"""What was understood in a live session, as rows: their places first, their texts when they come.

Knows nothing of sockets. What the rows become in the queue stands in `inference.services.growing`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from annotation.selectors.certainty import is_uncertain
from inference.models import LiveSession, LiveUtterance, utterance_uuid
from inference.streaming.events import Final
from speech import types
from speech.confidence import compression_ratio
from speech.text import NORMALISER_VERSION

PAUSES_MS = 500  # of an utterance's span are pre-roll and hangover, not speech

_PLACE = ["start_ms", "end_ms"]
_HEARD = [
    "text",
    "rejected_text",
    "words",
    "tokens",
    "heard_at",
    "final_latency_ms",
    "flags",
    "avg_logprob",
    "is_uncertain",
    "model",
    "adapter",
    "language",
    "settings",
    "normaliser_version",
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One utterance: where it is, and what was heard in it once that is known."""

    index: int
    start_ms: int
    end_ms: int
    final: Final | None = None
    latency_ms: int = 0


def utterances_keep(*, session: LiveSession, entries: Sequence[Entry]) -> bool:
    """Safe to repeat: an utterance that is understood again replaces itself. -> is one of them uncertain?"""
    places = [_row(session, entry) for entry in entries if entry.final is None]
    heard = [_row(session, entry) for entry in entries if entry.final is not None]
    with transaction.atomic():
        # A place that is known already may have its text by now: it is left alone.
        LiveUtterance.objects.bulk_create(places, ignore_conflicts=True)
        LiveUtterance.objects.bulk_create(
            heard,
            update_conflicts=True,
            unique_fields=["session", "index"],
            update_fields=[*_PLACE, *_HEARD],
        )
    return any(row.is_uncertain for row in heard)


def heard_in(utterance: LiveUtterance) -> types.Hypothesis:
    """As the recogniser gave it, what was rejected too. Word times count from the utterance's start."""
    text = utterance.rejected_text or utterance.text
    return types.Hypothesis(
        text=text,
        tokens=tuple(types.Token(*token) for token in utterance.tokens),
        words=tuple(_word(row, utterance.start_ms) for row in utterance.words),
        avg_logprob=utterance.avg_logprob or 0.0,
        compression_ratio=compression_ratio(text),
        language=utterance.language,
    )


def _word(row: dict, start_ms: int) -> types.Word:
    word = types.Word(**{**row, "alternatives": tuple(row.get("alternatives") or ())})
    begin_ms = max(0, word.start_ms - start_ms)
    return types.Word(
        word.text,
        begin_ms,
        max(begin_ms, word.end_ms - start_ms),
        word.probability,
        word.entropy,
        word.margin,
        word.alternatives,
    )


def _row(session: LiveSession, entry: Entry) -> LiveUtterance:
    row = LiveUtterance(
        uuid=utterance_uuid(session.uuid, entry.index),
        session=session,
        index=entry.index,
        start_ms=entry.start_ms,
        end_ms=max(entry.end_ms, entry.start_ms + 1),
    )
    if entry.final is not None:
        _write(row, session, entry.final, entry.latency_ms)
    return row


def _write(row: LiveUtterance, session: LiveSession, final: Final, latency_ms: int) -> None:
    row.text, row.rejected_text = final.text, final.rejected_text
    row.words = [asdict(word) for word in final.words]
    row.tokens = [[token.text, token.logprob] for token in final.tokens]
    row.heard_at, row.final_latency_ms = timezone.now(), latency_ms
    row.flags, row.avg_logprob = list(final.flags), final.avg_logprob
    row.model = final.model or session.model.ref
    own = row.model == session.model.ref
    row.adapter = final.adapter or (session.model.adapter_path if own else "")
    row.language = final.language or session.language
    row.settings = {"by": "live", "lane": "final", "language": session.language}
    row.normaliser_version = NORMALISER_VERSION
    row.is_uncertain = bool(final.rejected_text) or is_uncertain(
        site_id=session.site_id,
        model_ref=row.model,
        heard=heard_in(row),
        flags=row.flags,
        speech_ms=max(row.end_ms - row.start_ms - PAUSES_MS, 0),
    )
