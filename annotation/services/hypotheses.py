"""What a model heard is stored and ranked. Called by the floor that decodes, once for each batch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from annotation.models import Hypothesis, Recording, RecordingStatus, Segment, SegmentStatus
from annotation.ranking.priority import Candidate, Priority, priorities
from annotation.selectors.calibrations import knowledge_of
from annotation.selectors.candidates import candidate, speech_ms_of
from annotation.selectors.terms import lexicon_of
from speech import types
from speech.confidence import hallucination_flags, speech_rates
from speech.text import NORMALISER_VERSION

Result = tuple[Segment, types.Hypothesis]

_BATCH = 500
_DRAFTABLE = (SegmentStatus.WAITING, SegmentStatus.OPEN)
_RANKED_FIELDS = [
    "hypothesis",
    "speech_rate_cps",
    "priority",
    "expected_errors",
    "expected_seconds",
    "reasons",
    "status",
    "updated_at",
]


def hypotheses_store(
    *, results: Sequence[Result], model_ref: str, adapter_ref: str = "", settings: Mapping[str, object]
) -> int:
    """Keeps every hypothesis, ranks its segment and opens it for correction -> segments that were ranked.

    A segment that somebody has in hand keeps the draft they are looking at; a corrected or unusable one is
    left alone too. Their hypotheses are kept all the same, as a record of what the model heard. Give the
    segments of one recording together: repeated drafts among them lose priority.
    """
    if not results:
        return 0
    with transaction.atomic():
        ids = [segment.pk for segment, _ in results]
        # Locked in one order, so that two batches cannot wait for each other.
        rows_now = Segment.objects.select_for_update(of=("self",)).order_by("pk")
        current = rows_now.select_related("recording", "hypothesis").in_bulk(ids)
        kept = [(current[segment.pk], heard) for segment, heard in results if segment.pk in current]
        kept.sort(key=lambda result: (result[0].recording_id, result[0].start_ms))
        flags = [hallucination_flags(heard, s.duration_ms, speech_ms_of(s)) for s, heard in kept]
        made_by = {"model_ref": model_ref, "adapter_ref": adapter_ref, "settings": dict(settings)}
        rows = [
            Hypothesis(**_fields(segment, heard), flags=found, **made_by)
            for (segment, heard), found in zip(kept, flags, strict=True)
        ]
        Hypothesis.objects.bulk_create(rows, batch_size=_BATCH)
        ranked = _rank(kept, flags, rows)
        Segment.objects.bulk_update(ranked, _RANKED_FIELDS, batch_size=_BATCH)
        _mark_drafted({segment.recording_id for segment, _ in kept})
    return len(ranked)


def hypothesis_add(
    *,
    segment: Segment,
    heard: types.Hypothesis,
    flags: Sequence[str],
    model_ref: str,
    adapter_ref: str,
    settings: Mapping[str, object],
    asked_by: User,
) -> Hypothesis:
    """What a person asked to hear: a suggestion. Neither the draft nor its place in the queue change."""
    return Hypothesis.objects.create(
        **_fields(segment, heard),
        flags=list(flags),
        model_ref=model_ref,
        adapter_ref=adapter_ref,
        settings=dict(settings),
        asked_by=asked_by,
    )


def _fields(segment: Segment, heard: types.Hypothesis) -> dict[str, object]:
    return {
        "segment": segment,
        "text": heard.text,
        "words": [asdict(word) for word in heard.words],
        "tokens": [[token.text, token.logprob] for token in heard.tokens],
        "avg_logprob": heard.avg_logprob,
        "no_speech_prob": heard.no_speech_prob,
        "compression_ratio": heard.compression_ratio,
        "language": heard.language,
        "speech_rates_cps": speech_rates(heard.text, segment.duration_ms),
        "normaliser_version": NORMALISER_VERSION,
    }


def _rank(kept: Sequence[Result], flags: Sequence[list[str]], rows: Sequence[Hypothesis]) -> list[Segment]:
    """Writes draft, priority and state into the segments that wait for one; they are not saved here."""
    lexicons = {site: lexicon_of(site) for site in {s.site_id for s, _ in kept}}
    batch = [
        candidate(s, heard, found, lexicons[s.site_id], _before(s, rows[0].model_ref))
        for (s, heard), found in zip(kept, flags, strict=True)
    ]
    now = timezone.now()
    ranked = []
    places = _places([segment.site_id for segment, _ in kept], batch, rows[0].model_ref)
    for (segment, _), row, place in zip(kept, rows, places, strict=True):
        if segment.status not in _DRAFTABLE:
            continue
        segment.hypothesis = row
        segment.speech_rate_cps = row.speech_rates_cps["all"]
        segment.priority = place.priority
        segment.expected_errors = place.expected_errors
        segment.expected_seconds = place.expected_seconds
        segment.reasons = place.reasons
        segment.status = SegmentStatus.OPEN
        segment.updated_at = now
        ranked.append(segment)
    return ranked


def _places(sites: Sequence[int], batch: Sequence[Candidate], model_ref: str) -> list[Priority]:
    """Ranked together within a site, with what that site's corrections have taught; in the given order."""
    places: dict[int, Priority] = {}
    for site in set(sites):
        own = [index for index, of in enumerate(sites) if of == site]
        ranked = priorities([batch[index] for index in own], knowledge_of(site, model_ref))
        places.update(zip(own, ranked, strict=True))
    return [places[index] for index in range(len(batch))]


def _mark_drafted(recordings: set[int]) -> None:
    """A recording is drafted when none of its segments waits any more."""
    waiting = Segment.objects.filter(recording=OuterRef("pk"), status=SegmentStatus.WAITING)
    Recording.objects.filter(~Exists(waiting), pk__in=recordings, status=RecordingStatus.SEGMENTED).update(
        status=RecordingStatus.DRAFTED
    )


def _before(segment: Segment, model_ref: str) -> str | None:
    """What another model had heard, whose draft this one replaces."""
    earlier = segment.hypothesis
    return earlier.text if earlier and earlier.model_ref != model_ref else None
