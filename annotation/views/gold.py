"""Gold texts: declared and retired from the page of their recording."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Role
from accounts.requests import person
from annotation.selectors.review import gold_items_for_user
from annotation.services.gold import gold_declare, gold_retire
from annotation.views.loading import segment_of
from base.errors import NotFound


@require_POST
def declare(request: HttpRequest, uuid: UUID) -> HttpResponse:
    segment = segment_of(person(request), uuid, Role.REVIEWER)
    gold_declare(user=person(request), segment=segment)
    messages.success(request, _("This text is gold now: experts are measured against it without knowing."))
    return redirect("recording_detail", segment.recording.uuid)


@require_POST
def retire(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`uuid` is the segment's."""
    gold = gold_items_for_user(person(request)).filter(segment__uuid=uuid).first()
    if gold is None:
        raise NotFound("gold_unknown", _("This text is not a gold text."))
    gold_retire(user=person(request), gold=gold)
    return redirect("recording_detail", gold.segment.recording.uuid)
