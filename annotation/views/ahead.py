"""What comes next, fetched before it is asked for, so that a submit shows it at once. See docs/adr/0014."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import person
from accounts.selectors import require_role
from annotation.models import Segment, SegmentStatus
from annotation.services.leases import segment_leave, segments_reserve
from annotation.views.correction import address_of, correction_page, mark_of
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import LeaveForm, read_json
from base.errors import Conflict


@require_POST
def correct_ahead(request: HttpRequest) -> JsonResponse:
    """Reserves the next few for this person and says where the browser finds all of each."""
    require_role(person(request), *CORRECTORS)
    return JsonResponse({"ahead": [_where(segment) for segment in segments_reserve(user=person(request))]})


@require_safe
@never_cache
def segment_ahead(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The page of an open segment without claiming it: shown only once the queue has handed it out."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    if segment.status != SegmentStatus.OPEN:
        raise Conflict("not_open", _("This segment is not open any more."))
    return correction_page(request, segment)


@require_POST
def segment_left(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """Sent by a page that is being closed. Nobody waits for the answer."""
    data = read_json(request, LeaveForm)
    segment = segment_of(person(request), uuid, *CORRECTORS)
    return JsonResponse({"left": segment_leave(user=person(request), segment=segment, **data)})


def _where(segment: Segment) -> dict[str, str]:
    return {
        "page": address_of(segment),
        "mark": mark_of(segment),
        "peek": reverse("segment_ahead", args=[segment.uuid]),
        "peaks": reverse("segment_peaks", args=[segment.uuid]),
        "audio": reverse("segment_audio", args=[segment.uuid]),
    }
