"""The page that experts live in: claim, correct, confirm, next."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.requests import person
from accounts.selectors import require_role
from annotation.models import Segment, SegmentStatus, UnusableReason
from annotation.selectors.calibrations import newest_fit, words_to_mark
from annotation.selectors.pages import Editable, editable_text, likely_next
from annotation.selectors.queue import queue_summary
from annotation.selectors.segments import segment_context
from annotation.services.drafts import draft_discard
from annotation.services.labels import draft_save, label_submit
from annotation.services.queue import segment_claim, segment_claim_next, segment_heartbeat
from annotation.views.doubt import doubt_levels
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import DraftForm, SubmitForm, read_json
from annotation.views.reasons import sentences
from annotation.views.strings import page_strings

BEATS_PER_LEASE = 4  # three may be lost before the lease runs out
AHEAD = ("segment_audio", "segment_peaks")
ENDPOINTS = ("audio", "peaks", "draft", "discard", "heartbeat", "submit", "skip", "unusable")


@require_safe
@never_cache
def correct_next(request: HttpRequest) -> HttpResponse:
    """Claims the best segment for this person and leads to it."""
    require_role(person(request), *CORRECTORS)
    segment = segment_claim_next(user=person(request))
    if segment:
        return redirect("correct_segment", segment.uuid)
    return render(request, "annotation/queue_empty.html", {"queue": queue_summary(person(request))})


@require_safe
@never_cache
def correct_segment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = person(request)
    segment = segment_of(user, uuid, *CORRECTORS)
    if segment.status != SegmentStatus.DONE:
        segment_claim(user=user, segment=segment)
    editable = editable_text(segment, user)
    context = {
        "segment": segment,
        "editable": editable,
        "context": segment_context(segment),
        "earlier": segment.labels.select_related("author").order_by("-version"),
        "why": sentences(segment.reasons),
        "queue": queue_summary(user),
        "unusable_reasons": UnusableReason.choices,
        "page": page_data(segment, editable, likely_next(user)),
    }
    return render(request, "annotation/correct.html", context)


def page_data(segment: Segment, editable: Editable, following: Segment | None) -> dict[str, object]:
    """What the page's modules need to know, as JSON."""
    hypothesis = segment.hypothesis
    fit = newest_fit(segment.site_id, hypothesis.model_ref) if hypothesis else None
    words = words_to_mark(segment, fit)
    levels = doubt_levels([word.get("probability") for word in words])
    return {
        "segment": {
            "version": editable.version,
            "active_edit_ms": editable.active_edit_ms,
            "duration_ms": segment.duration_ms,
            "heartbeat_ms": settings.AUSCULT_LEASE_S * 1000 // BEATS_PER_LEASE,
            "draft_text": hypothesis.text if hypothesis else "",
            "words": [word | {"doubt": level} for word, level in zip(words, levels, strict=True)],
        },
        "urls": {name: reverse(f"segment_{name}", args=[segment.uuid]) for name in ENDPOINTS}
        | {"queue": reverse("correct_next")},
        # Sound and waveform of what will probably come next: fetched ahead, not claimed.
        "ahead": [reverse(name, args=[following.uuid]) for name in AHEAD] if following else [],
        "strings": page_strings(),
    }


@require_POST
def segment_draft(request: HttpRequest, uuid: UUID) -> JsonResponse:
    data = read_json(request, DraftForm)
    draft_save(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS), **data)
    return JsonResponse({})


@require_POST
def segment_discard(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The text that somebody else saved was kept; this person's draft goes."""
    draft_discard(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS))
    return next_for(person(request))


@require_POST
def segment_beat(request: HttpRequest, uuid: UUID) -> JsonResponse:
    segment_heartbeat(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS))
    return JsonResponse({})


@require_POST
def segment_submit(request: HttpRequest, uuid: UUID) -> JsonResponse:
    data = read_json(request, SubmitForm)
    label_submit(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS), **data)
    return next_for(person(request))


def next_for(user: User) -> JsonResponse:
    """The address of the segment now claimed for this person; null when nothing is left."""
    segment = segment_claim_next(user=user)
    return JsonResponse({"next": segment and reverse("correct_segment", args=[segment.uuid])})
