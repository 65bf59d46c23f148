"""What a model heard is stored and ranked. Called by the floor that decodes, once for each batch."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from annotation.models import Hypothesis, Recording, RecordingStatus, Segment, SegmentStatus
from annotation.ranking.priority import Priority, priorities
from annotation.selectors.calibrations import knowledge_of
from annotation.selectors.candidates import candidate, speech_ms_of
from annotation.selectors.terms import lexicon_of
from base.rows import rows_update
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
    # Read and ranked before anything is locked: an import holds nobody up while it thinks.
    ids = [segment.pk for segment, _ in results]
    known = Segment.objects.select_related("recording", "hypothesis").in_bulk(ids)
    kept = [(known[segment.pk], heard) for segment, heard in results if segment.pk in known]
    kept.sort(key=lambda result: (result[0].recording_id, result[0].start_ms))
    flags = [hallucination_flags(heard, s.duration_ms, speech_ms_of(s)) for s, heard in kept]
    made_by = {"model_ref": model_ref, "adapter_ref": adapter_ref, "settings": dict(settings)}
    rows = [
        Hypothesis(**_fields(segment, heard), flags=found, **made_by)
        for (segment, heard), found in zip(kept, flags, strict=True)
    ]
    places = _places(kept, flags, model_ref)
    with transaction.atomic():
        # Locked in one order, so that two batches cannot wait for each other.
        locked = Segment.objects.select_for_update().filter(pk__in=known).order_by("pk")
        statuses = dict(locked.values_list("pk", "status"))
        stored = [row for row in rows if row.segment_id in statuses]
        Hypothesis.objects.bulk_create(stored, batch_size=_BATCH)
        ranked = [
            _placed(row, place)
            for row, place in zip(rows, places, strict=True)
            if statuses.get(row.segment_id) in _DRAFTABLE
        ]
        rows_update(ranked, _RANKED_FIELDS)
        recordings_drafted({segment.recording_id for segment, _ in kept})
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


def _places(kept: Sequence[Result], flags: Sequence[list[str]], model_ref: str) -> list[Priority]:
    """Ranked together within a site, with what that site's corrections have taught; in the given order."""
    places: dict[int, Priority] = {}
    for site in {segment.site_id for segment, _ in kept}:
        own = [index for index, (segment, _) in enumerate(kept) if segment.site_id == site]
        lexicon = lexicon_of(site)
        batch = [
            candidate(*kept[index], flags[index], lexicon, _before(kept[index][0], model_ref))
            for index in own
        ]
        places.update(zip(own, priorities(batch, knowledge_of(site, model_ref)), strict=True))
    return [places[index] for index in range(len(kept))]


def _placed(row: Hypothesis, place: Priority) -> Segment:
    """Draft, priority and state are written into the segment; it is not saved here."""
    segment = row.segment
    segment.hypothesis = row
    segment.speech_rate_cps = row.speech_rates_cps["all"]
    segment.priority = place.priority
    segment.expected_errors = place.expected_errors
    segment.expected_seconds = place.expected_seconds
    segment.reasons = place.reasons
    segment.status = SegmentStatus.OPEN
    segment.updated_at = timezone.now()
    return segment


def recordings_drafted(recordings: set[int]) -> None:
    """A recording is drafted when none of its segments waits any more."""
    waiting = Segment.objects.filter(recording=OuterRef("pk"), status=SegmentStatus.WAITING)
    Recording.objects.filter(~Exists(waiting), pk__in=recordings, status=RecordingStatus.SEGMENTED).update(
        status=RecordingStatus.DRAFTED
    )


def _before(segment: Segment, model_ref: str) -> str | None:
    """What another model had heard, whose draft this one replaces."""
    earlier = segment.hypothesis
    return earlier.text if earlier and earlier.model_ref != model_ref else None
