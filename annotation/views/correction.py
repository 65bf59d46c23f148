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
from annotation.models import PhiKind, Segment, SegmentStatus, UnusableReason
from annotation.selectors.calibrations import newest_fit, words_to_mark
from annotation.selectors.fixes import drafted_text, fixes_of
from annotation.selectors.modes import mode_for
from annotation.selectors.origins import first_successor, origin_texts
from annotation.selectors.pages import Editable, editable_text
from annotation.selectors.segments import segment_context
from annotation.selectors.strips import strips_of
from annotation.selectors.summary import queue_summary, today_of
from annotation.services.drafts import draft_discard
from annotation.services.labels import draft_save, label_submit, submitted_text
from annotation.services.leases import segment_heartbeat
from annotation.services.queue import segment_claim, segment_claim_next
from annotation.services.reading_results import reading_draft_check, reading_submit
from annotation.services.readings import reading_heartbeat
from annotation.views.blind import blind_reading, opened_blind
from annotation.views.doubt import doubt_levels
from annotation.views.keys import keys_data
from annotation.views.lexicon_help import lexicon_data
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import DraftForm, SubmitForm, read_json
from annotation.views.reasons import sentences
from annotation.views.strings import page_strings

BEATS_PER_LEASE = 4  # three may be lost before the lease runs out
FIRST_VERSION = 1
ENDPOINTS = (
    *("audio", "peaks", "draft", "discard", "heartbeat", "submit", "skip", "unusable", "leave"),
    *("split", "merge", "claim", "strips"),
)


@require_safe
@never_cache
def correct_next(request: HttpRequest) -> HttpResponse:
    """Claims the best segment for this person and leads to it."""
    require_role(person(request), *CORRECTORS)
    segment = segment_claim_next(user=person(request))
    if segment:
        return redirect(address_of(segment))
    return render(request, "annotation/queue_empty.html", {"queue": queue_summary(person(request))})


@require_safe
@never_cache
def correct_segment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user = person(request)
    segment = segment_of(user, uuid, *CORRECTORS)
    if segment.status == SegmentStatus.REPLACED:
        return redirect("correct_segment", first_successor(segment).uuid)
    if blind := opened_blind(user, segment):
        segment = blind
    elif segment.status != SegmentStatus.DONE:
        segment = segment_claim(user=user, segment=segment)
    return correction_page(request, segment)


def correction_page(request: HttpRequest, segment: Segment) -> HttpResponse:
    user = person(request)
    seen = segment.labels.filter(version__lte=segment.version)  # a blind reader has seen none
    earlier = list(seen.select_related("author").order_by("-version"))
    mode = mode_for(segment)
    editable = editable_text(segment, user, earlier[0] if earlier else None, mode)
    fixes = fixes_of([segment])[segment.pk]
    context = {
        "segment": segment,
        "editable": editable,
        "context": segment_context(segment),
        "origins": origin_texts(segment, user),
        "earlier": earlier,
        "why": sentences(segment.reasons),
        "queue": today_of(user),
        "unusable_reasons": UnusableReason.choices,
        "phi_kinds": PhiKind.choices,
        "mode": mode,
        "fixes": fixes,
        "drafted": drafted_text(segment, fixes),
        "keys": keys_data(user),
        "page": page_data(segment, editable),
    }
    return render(request, "annotation/correct.html", context)


def page_data(segment: Segment, editable: Editable) -> dict[str, object]:
    """What the page's modules need to know, as JSON."""
    hypothesis = segment.hypothesis
    fit = newest_fit(segment.site_id, hypothesis.model_ref) if hypothesis else None
    words = words_to_mark(segment, fit)
    levels = doubt_levels([word.get("probability") for word in words])
    return {
        "segment": {
            "uuid": str(segment.uuid),
            "version": editable.version,
            "base_text": editable.base_text,
            "stamp": editable.stamp,
            "active_edit_ms": editable.active_edit_ms,
            "duration_ms": segment.duration_ms,
            "heartbeat_ms": settings.AUSCULT_LEASE_S * 1000 // BEATS_PER_LEASE,
            "lease": segment.lease_expires_at,
            "draft_text": hypothesis.text if hypothesis else "",
            "strips": strips_of(segment),
            "words": [word | {"doubt": level} for word, level in zip(words, levels, strict=True)],
        },
        "urls": {name: reverse(f"segment_{name}", args=[segment.uuid]) for name in ENDPOINTS}
        | {"queue": reverse("correct_next"), "ahead": reverse("correct_ahead")},
        "lexicon": lexicon_data(segment),
        "phi": {"spans": editable.phi, "kinds": dict(PhiKind.choices)},
        "strings": page_strings(),
    }


@require_POST
def segment_draft(request: HttpRequest, uuid: UUID) -> JsonResponse:
    data = read_json(request, DraftForm)
    segment = segment_of(person(request), uuid, *CORRECTORS)
    started = {name: data[name] for name in ("text", "base_version", "base_text")}
    reading_draft_check(user=person(request), segment=segment, **started)
    draft_save(user=person(request), segment=segment, **data)
    return JsonResponse({})


@require_POST
def segment_discard(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The text that somebody else saved was kept; this person's draft goes."""
    draft_discard(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS))
    return next_for(person(request))


@require_POST
def segment_beat(request: HttpRequest, uuid: UUID) -> JsonResponse:
    user, segment = person(request), segment_of(person(request), uuid, *CORRECTORS)
    if reading := blind_reading(user, segment):
        lease = reading_heartbeat(user=user, reading=reading)
    else:
        lease = segment_heartbeat(user=user, segment=segment)
    return JsonResponse({"lease": lease})


@require_POST
def segment_submit(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """{"version", "text", "next"}: with `stay`, no next segment is claimed."""
    data = read_json(request, SubmitForm)
    stay = data.pop("stay")
    user, segment = person(request), segment_of(person(request), uuid, *CORRECTORS)
    if reading := blind_reading(user, segment, data["version"]):
        reading_submit(
            user=user,
            reading=reading,
            text=data["text"],
            active_edit_ms=data["active_edit_ms"],
            base_text=data["base_text"],
            phi=data["phi"],
        )
        # As after a first correction: the page tells nobody that others have been here.
        saved = {"version": FIRST_VERSION, "text": submitted_text(data["text"])}
    else:
        label = label_submit(user=user, segment=segment, **data)
        saved = {"version": label.version, "text": label.text}
    following = {"next": None} if stay else next_claimed(user)
    return JsonResponse({**saved, **following})


def next_for(user: User) -> JsonResponse:
    return JsonResponse(next_claimed(user))


def next_claimed(user: User) -> dict[str, object]:
    """The segment now claimed for this person; `next` is null when nothing is left."""
    segment = segment_claim_next(user=user)
    if segment is None:
        return {"next": None}
    return {"next": address_of(segment), "mark": mark_of(segment), "lease": segment.lease_expires_at}


def address_of(segment: Segment) -> str:
    return reverse("correct_segment", args=[segment.uuid])


def mark_of(segment: Segment) -> str:
    """Changes with what the page shows: a page that was fetched ahead is used only while this is the same."""
    fixes = ".".join(str(fix.pk) for fix in fixes_of([segment])[segment.pk])
    return f"{segment.version}.{segment.hypothesis_id}.{fixes}"
