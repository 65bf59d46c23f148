"""After corrections: learn how far to trust the drafts and how long experts take, and rank anew."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cache, partial

from django.db import transaction

from accounts.models import Site
from annotation.models import CalibrationFit, Label, Segment, SegmentStatus
from annotation.ranking.calibration import Corrected, fit
from annotation.ranking.effort import Spent, fit_time
from annotation.ranking.errors import missing_characters
from annotation.ranking.priority import Knowledge, priorities
from annotation.selectors.calibrations import NEWEST_LABELS, heard_of, knowledge_of
from annotation.selectors.candidates import candidate, other_texts
from annotation.selectors.labels import approved_labels
from annotation.selectors.terms import lexicon_of
from base.jobs import Job, enqueue_on_commit
from base.rows import rows_update
from speech.text import characters

REFIT_EVERY = 50  # labels
_BATCH = 500
_PLACE = ["priority", "expected_errors", "expected_seconds", "reasons"]


def calibration_refit_when_due(*, label: Label) -> None:
    """Called with every new label: asks for a refit from time to time, without counting rows."""
    if label.pk % REFIT_EVERY == 0:
        enqueue_on_commit(Job.CALIBRATION_REFIT, label.segment.site_id)


def calibration_refit(*, site: Site) -> CalibrationFit | None:
    """Fits on the newest corrections of the site and ranks what is open anew; None while there are too few.

    Only drafts of one model are mixed: of the one that the newest correction started from.
    """
    labels = list(
        approved_labels(site)
        .filter(hypothesis__isnull=False)
        .order_by("-id")
        .select_related("segment", "hypothesis")[:NEWEST_LABELS]
    )
    if not labels:
        return None
    model_ref = labels[0].hypothesis.model_ref  # type: ignore[union-attr]
    labels = [label for label in labels if label.hypothesis and label.hypothesis.model_ref == model_ref]
    corrected = _corrected(site, labels)
    missing = sum(
        missing_characters(len(characters(one.heard.hypothesis.text)), one.heard.speech_ms)
        for one in corrected
    )
    found = fit(corrected, missing)
    if found is None:
        return None
    row = CalibrationFit.objects.create(
        site=site,
        model_ref=model_ref,
        labels=len(labels),
        words=found.words,
        wrong=found.wrong,
        weights=found.calibration.as_dict(),
        mark_from=found.mark_from,
        ece=found.ece,
        ece_raw=found.ece_raw,
        auc=found.auc,
        auc_raw=found.auc_raw,
        reliability=[asdict(one) for one in found.reliability],
        reliability_raw=[asdict(one) for one in found.reliability_raw],
        **_paces(labels),
    )
    segments_rerank(site=site)
    # Knowing better how far the model can be trusted, it may be asked about what experts wrote.
    enqueue_on_commit(Job.LABELS_RECHECK, site.pk)
    return row


def segments_rerank(*, site: Site) -> int:
    """New places for all that is open, recording by recording -> how many. Only the place is written."""
    keys = (
        Segment.objects.filter(site=site, status=SegmentStatus.OPEN, hypothesis__isnull=False)
        .order_by("recording_id", "start_ms")
        .values_list("pk", "recording_id")
    )
    known = cache(partial(knowledge_of, site.pk))  # by model; read once, not for every batch
    done = 0
    for batch in _whole_recordings(keys.iterator()):
        segments = Segment.objects.filter(pk__in=batch).select_related("hypothesis", "recording")
        done += _rerank(site, list(segments.order_by("recording_id", "start_ms")), known)
    return done


def newest_hypothesis_adopt(*, segment: Segment) -> bool:
    """A segment that comes back uncorrected shows what was heard while somebody had it in hand."""
    newest = segment.hypotheses.filter(asked_by=None).order_by("-id").first()
    if newest is None or newest.pk == segment.hypothesis_id:
        return False
    Segment.objects.filter(pk=segment.pk).update(
        hypothesis=newest, speech_rate_cps=newest.speech_rates_cps.get("all")
    )
    current = Segment.objects.select_related("hypothesis", "recording", "site").get(pk=segment.pk)
    _rerank(current.site, [current], partial(knowledge_of, current.site_id))
    return True


def _rerank(site: Site, segments: Sequence[Segment], known: Callable[[str], Knowledge]) -> int:
    lexicon, others = lexicon_of(site.pk), other_texts(segments)
    batches: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        batches[segment.hypothesis.model_ref].append(segment)  # type: ignore[union-attr]
    for model_ref, batch in batches.items():
        found = [
            candidate(s, s.hypothesis.as_heard(), s.hypothesis.flags, lexicon, others.get(s.pk))  # type: ignore[union-attr]
            for s in batch
        ]
        for segment, place in zip(batch, priorities(found, known(model_ref)), strict=True):
            segment.priority, segment.expected_errors = place.priority, place.expected_errors
            segment.expected_seconds, segment.reasons = place.expected_seconds, place.reasons
    with transaction.atomic():
        rows_update(segments, _PLACE)
    return len(segments)


def _whole_recordings(keys: Iterable[tuple[int, int]]) -> Iterable[list[int]]:
    """Batches of about _BATCH segments that never part a recording."""
    batch: list[int] = []
    last = None
    for pk, recording in keys:
        if len(batch) >= _BATCH and recording != last:
            yield batch
            batch = []
        batch.append(pk)
        last = recording
    if batch:
        yield batch


def _corrected(site: Site, labels: Sequence[Label]) -> list[Corrected]:
    for label in labels:
        label.segment.hypothesis = label.hypothesis  # what the expert saw, not what was heard since
    lexicon, others = lexicon_of(site.pk), other_texts([label.segment for label in labels])
    return [
        Corrected(
            heard_of(label.segment, lexicon, others.get(label.segment_id)),
            label.text,
            str(label.segment.recording_id),
        )
        for label in labels
    ]


def _paces(labels: Sequence[Label]) -> dict[str, object]:
    spent: dict[int, list[Spent]] = defaultdict(list)
    for label in labels:
        one = Spent(
            label.active_edit_ms, label.segment.duration_ms, label.errors_removed, len(characters(label.text))
        )
        spent[label.author_id].append(one)
    everybody = fit_time([one for own in spent.values() for one in own])
    # Each expert starts from what their colleagues take.
    paces = {str(author): fit_time(own, everybody).as_dict() for author, own in spent.items()}
    return {"pace": everybody.as_dict(), "paces": paces}
