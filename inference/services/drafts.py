"""Pseudo-labels: the live model hears segments that nobody has corrected. Runs in a worker, may run twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from django.db.models import QuerySet

from accounts.models import Site
from annotation.models import Recording, Segment
from annotation.selectors import uncorrected_segments
from annotation.services.hypotheses import hypotheses_store
from base.storage import data_path
from inference.services.recognizers import recognizer
from speech.audio import read_flac
from speech.recognizer import DecodeOptions, Recognizer
from training.models import Promotion, SpeechModel
from training.selectors import live_model

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
    return _draft(segments, live_model(recording.site))


def promotion_redraft(*, promotion: Promotion) -> int:
    """Everything uncorrected where the promotion counts; a site with a model of its own keeps its drafts."""
    waiting = uncorrected_segments(promotion.site)
    done = 0
    for site in _sites(waiting):
        model = live_model(site)
        done += _draft(waiting.filter(recording__site=site), model)
    return done


def _draft(uncorrected: QuerySet[Segment], model: SpeechModel) -> int:
    """Passes over what this model has drafted already, so that a run that was cut short goes on."""
    segments = uncorrected.exclude(hypothesis__model_ref=model.ref)
    ear = recognizer(model.ref)
    drafting = Drafting(model, ear, decode_options(ear))
    keys = list(segments.values_list("pk", flat=True))
    for first in range(0, len(keys), CHUNK):
        chunk = Segment.objects.filter(pk__in=keys[first : first + CHUNK]).select_related("recording")
        _draft_chunk(list(chunk.order_by("recording_id", "index")), drafting)
    return len(keys)


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
        settings=drafting.options.as_dict(),
    )


def decode_options(ear: Recognizer) -> DecodeOptions:
    """Written out, not left to the recogniser: the options are stored with every hypothesis."""
    return DecodeOptions(window="speech" if getattr(ear, "variable_window", False) else "padded")


def _sounds(segments: Iterable[Segment]) -> Iterator[tuple[Segment, np.ndarray]]:
    for recording, own in groupby(segments, key=lambda segment: segment.recording):
        path = data_path(recording.audio_path)
        for segment in own:
            yield segment, read_flac(path, segment.start_ms, segment.end_ms)


def _sites(segments: QuerySet[Segment]) -> list[Site]:
    return list(Site.objects.filter(pk__in=segments.order_by().values("recording__site").distinct()))
