"""Pseudo-labels: the live model hears segments that nobody has corrected. Runs in a worker, may run twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Site
from annotation.models import Hypothesis, Recording, Segment, SegmentStatus
from annotation.selectors import uncorrected_segments
from annotation.selectors.terms import terms_to_tell
from annotation.services.hypotheses import hypotheses_store
from base.jobs import Job, enqueue_on_commit
from base.storage import data_path
from inference.services.recognizers import recognizer
from speech.audio import read_flac
from speech.recognizer import DecodeOptions, Recognizer
from training.models import Promotion, SpeechModel
from training.selectors import live_model
from training.selectors.live import live_promotion

BATCH = 16
CHUNK = 64  # segments that are read, decoded and stored together: bounds the memory


@dataclass(frozen=True, slots=True)
class Drafting:
    """One model with the settings it is used with."""

    model: SpeechModel
    recognizer: Recognizer
    options: DecodeOptions


def recording_draft(*, recording: Recording) -> int:
    """-> how many segments got a new hypothesis."""
    segments = recording.segments.uncorrected()
    return _draft(segments, live_model(recording.site), recording.site)


def segment_draft(*, segment: Segment) -> bool:
    """A new part of a split or merge is heard by itself. False: it was cut again meanwhile, or no model is
    live; the draft that it was given from the older one then stands."""
    promotion = live_promotion(segment.recording.site)
    if promotion is None or segment.status == SegmentStatus.REPLACED:
        return False
    _draft_chunk([segment], _drafting(promotion.model, segment.recording.site))
    return True


def promotion_redraft(*, promotion: Promotion) -> int:
    """Everything uncorrected where the promotion counts; a site with a model of its own keeps its drafts."""
    waiting = uncorrected_segments(promotion.site)
    done = 0
    for site in _sites(waiting):
        model = live_model(site)
        done += _draft(waiting.filter(recording__site=site), model, site)
    # A new model is a new pair of ears for what is corrected already, too.
    for site in Site.objects.all() if promotion.site is None else [promotion.site]:
        enqueue_on_commit(Job.LABELS_RECHECK, site.pk)
    return done


def _draft(uncorrected: QuerySet[Segment], model: SpeechModel, site: Site) -> int:
    """-> how many were heard. What goes live meanwhile (a roll-back) is gone on with: two of these jobs side
    by side end with the same drafts, whichever is the last to store."""
    done = 0
    while True:
        done += _draft_while_live(uncorrected, model, site)
        now = live_model(site)
        if now == model:
            return done
        model = now


def _draft_while_live(uncorrected: QuerySet[Segment], model: SpeechModel, site: Site) -> int:
    keys = _to_draft(uncorrected, model)
    for first in range(0, len(keys), CHUNK):
        if live_model(site) != model:
            return first
        hear(keys[first : first + CHUNK], model, site)
    return len(keys)


def _to_draft(uncorrected: QuerySet[Segment], model: SpeechModel) -> list[int]:
    """Passes over what this model has drafted already, so that a run that was cut short goes on. Its draft
    must also be the newest that was heard: a segment that comes back uncorrected takes the newest."""
    newest = Hypothesis.objects.filter(segment=OuterRef("pk"), asked_by=None).order_by("-id")
    known = uncorrected.annotate(newest_ref=Subquery(newest.values("model_ref")[:1]))
    waiting = known.exclude(hypothesis__model_ref=model.ref, newest_ref=model.ref)
    return list(waiting.values_list("pk", flat=True))


def hear(keys: Sequence[int], model: SpeechModel, site: Site) -> None:
    """Decodes segments and stores what was heard; what is not to be changed is left alone there."""
    if not keys:
        return
    drafting = _drafting(model, site)
    for first in range(0, len(keys), CHUNK):
        chunk = Segment.objects.filter(pk__in=keys[first : first + CHUNK]).select_related("recording")
        _draft_chunk(list(chunk.order_by("recording_id", "start_ms")), drafting)


def _drafting(model: SpeechModel, site: Site) -> Drafting:
    ear = recognizer(model.ref)
    return Drafting(model, ear, decode_options(ear, site))


def _draft_chunk(segments: Sequence[Segment], drafting: Drafting) -> None:
    heard = []
    loud = sorted(_sounds(segments), key=lambda pair: len(pair[1]))
    for first in range(0, len(loud), BATCH):
        batch = loud[first : first + BATCH]
        hypotheses = drafting.recognizer.transcribe([sound for _, sound in batch], drafting.options)
        heard += [(segment, hypothesis) for (segment, _), hypothesis in zip(batch, hypotheses, strict=True)]
    hypotheses_store(
        results=heard,
        model_ref=drafting.model.ref,
        adapter_ref=drafting.model.adapter_path,
        settings=drafting.options.as_dict() | decoder_of(drafting.recognizer),
    )


def decode_options(ear: Recognizer, site: Site) -> DecodeOptions:
    """Written out, not left to the recogniser: the options are stored with every hypothesis."""
    return DecodeOptions(
        window="speech" if getattr(ear, "variable_window", False) else "padded",
        prompt_terms=terms_to_tell(site.pk, settings.AUSCULT_PROMPT_TERMS),
    )


def decoder_of(ear: Recognizer) -> dict[str, str]:
    """Who did the arithmetic, and in which numbers: part of the settings of a hypothesis."""
    return {"backend": getattr(ear, "backend", ""), "compute_type": getattr(ear, "compute_type", "")}


def _sounds(segments: Iterable[Segment]) -> Iterator[tuple[Segment, np.ndarray]]:
    for recording, own in groupby(segments, key=lambda segment: segment.recording):
        path = data_path(recording.audio_path)
        for segment in own:
            yield segment, read_flac(path, segment.start_ms, segment.end_ms)


def _sites(segments: QuerySet[Segment]) -> list[Site]:
    return list(Site.objects.filter(pk__in=segments.order_by().values("recording__site").distinct()))
