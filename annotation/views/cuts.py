"""Split, join, take in hand: what the page of one segment and that of a whole recording ask for."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.requests import person
from annotation.models import SegmentStatus
from annotation.services.cuts import segment_merge, segment_split
from annotation.services.queue import segment_claim
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import MergeForm, SplitForm, read_json


@require_POST
def segment_take(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """Before a page writes in it. A corrected one is not `held`: its version protects it."""
    segment = segment_claim(user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS))
    address = reverse("correct_segment", args=[segment.uuid])
    held = segment.status == SegmentStatus.CLAIMED
    return JsonResponse({"version": segment.version, "held": held, "next": address})


@require_POST
def segment_part(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """`next` is the left part; `parts` are both, in time."""
    data = read_json(request, SplitForm)
    parts = segment_split(
        user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS), **data
    )
    addresses = [reverse("correct_segment", args=[part.uuid]) for part in parts]
    return JsonResponse({"next": addresses[0], "parts": addresses})


@require_POST
def segment_join(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """`next` is the joined segment, `caret` the place in its text where the two meet."""
    data = read_json(request, MergeForm)
    joined, caret = segment_merge(
        user=person(request), segment=segment_of(person(request), uuid, *CORRECTORS), **data
    )
    return JsonResponse({"next": reverse("correct_segment", args=[joined.uuid]), "caret": caret})
