"""What can be done with a segment other than correcting it: pass it on, set it aside, give it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.requests import person
from accounts.selectors import require_role
from annotation.selectors.readings import reading_in_hand
from annotation.services.queue import (
    segment_mark_unusable,
    segment_release,
    segment_reopen,
    segment_skip,
    skips_clear,
)
from annotation.services.reading_results import reading_mark_unusable
from annotation.services.readings import reading_release, reading_skip
from annotation.views.correction import next_for
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import UnusableForm, read_json


@require_POST
def segment_pass_over(request: HttpRequest, uuid: UUID) -> JsonResponse:
    segment = segment_of(person(request), uuid, *CORRECTORS)
    if reading := reading_in_hand(person(request), segment):
        reading_skip(user=person(request), reading=reading)
    else:
        segment_skip(user=person(request), segment=segment)
    return next_for(person(request))


@require_POST
def segment_set_aside(request: HttpRequest, uuid: UUID) -> JsonResponse:
    data = read_json(request, UnusableForm)
    segment = segment_of(person(request), uuid, *CORRECTORS)
    if reading := reading_in_hand(person(request), segment):
        reading_mark_unusable(user=person(request), reading=reading, reason=data["reason"])
    else:
        segment_mark_unusable(user=person(request), segment=segment, **data)
    return next_for(person(request))


@require_POST
def segment_give_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The person stops for now; a draft that they typed is kept for them."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    if reading := reading_in_hand(person(request), segment):
        reading_release(user=person(request), reading=reading)
    else:
        segment_release(user=person(request), segment=segment)
    return redirect("home")


@require_POST
def segment_bring_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    segment = segment_of(person(request), uuid, *CORRECTORS)
    segment_reopen(user=person(request), segment=segment)
    messages.success(request, _("The segment is back in the queue."))
    return redirect("recording_detail", segment.recording.uuid)


@require_POST
def skipped_bring_back(request: HttpRequest) -> HttpResponse:
    require_role(person(request), *CORRECTORS)
    count = skips_clear(user=person(request))
    messages.success(
        request, ngettext("%(n)s segment came back.", "%(n)s segments came back.", count) % {"n": count}
    )
    return redirect("correct_next")
