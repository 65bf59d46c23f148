"""Two texts of one segment, place by place: a reviewer takes either side; the result is a new version."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.requests import person
from annotation.models import LabelDoubt, Reading, Segment, UnusableReason
from annotation.selectors.review import Sides, disputes_for_user, doubts_for_user, sides_of
from annotation.selectors.segments import segment_context
from annotation.services.settlements import (
    dispute_set_aside,
    dispute_settle,
    doubt_ask,
    doubt_correct,
    doubt_keep,
)
from annotation.views.payloads import SubmitForm, read_json
from annotation.views.strings import settling_strings
from base.loading import found


class SetAsideForm(forms.Form):
    reason = forms.ChoiceField(choices=UnusableReason.choices)


def settled(request: HttpRequest) -> dict[str, Any]:
    data = read_json(request, SubmitForm)
    return {name: data[name] for name in ("text", "version", "active_edit_ms")}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def dispute(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user, reading = person(request), dispute_of(person(request), uuid)
    if request.method == "POST":
        dispute_settle(user=user, reading=reading, **settled(request))
        return following(user)
    sides = sides_of(reading)
    reasons = [reading.unusable_reason, ""] if sides.reading_first else ["", reading.unusable_reason]
    context = {
        "kind": "dispute",
        "reading": reading,
        "unusable_sides": [UnusableReason(reason).label if reason else "" for reason in reasons],
        "unusable_reasons": UnusableReason.choices,
        "set_aside_url": reverse("dispute_set_aside", args=[uuid]),
    }
    return settle_page(request, reading.segment, sides, reverse("dispute", args=[uuid]), context)


@require_POST
def dispute_unusable(request: HttpRequest, uuid: UUID) -> JsonResponse:
    data = read_json(request, SetAsideForm)
    dispute_set_aside(user=person(request), reading=dispute_of(person(request), uuid), **data)
    return following(person(request))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def doubt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    user, row = person(request), doubt_of(person(request), uuid)
    if request.method == "POST":
        doubt_correct(user=user, doubt=row, **settled(request))
        return following(user, doubts_first=True)
    sides = Sides(row.label.text, row.hypothesis.text)
    context = {"kind": "doubt", "doubt": row}
    return settle_page(request, row.label.segment, sides, reverse("doubt", args=[uuid]), context)


@require_POST
def doubt_answer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`answer` is keep (the label is right) or ask (somebody else is to hear it, blind)."""
    row = doubt_of(person(request), uuid)
    answer = doubt_ask if request.POST.get("answer") == "ask" else doubt_keep
    answer(user=person(request), doubt=row)
    return redirect("review_list")


def settle_page(
    request: HttpRequest, segment: Segment, sides: Sides, url: str, context: dict[str, object]
) -> HttpResponse:
    page = {
        "pieces": [[piece.left, piece.right] for piece in sides.pieces],
        "decided": context["kind"] == "doubt",  # the label stands unless the reviewer takes something else
        "version": segment.version,
        "urls": {"submit": url, "set_aside": context.get("set_aside_url"), "list": reverse("review_list")},
        "strings": settling_strings(),
    }
    context |= {
        "segment": segment,
        "sides": sides,
        "context": segment_context(segment),
        "page": page,
    }
    return render(request, "annotation/review_settle.html", context)


def following(user: User, doubts_first: bool = False) -> JsonResponse:
    """Where the next one of the kind is, else of the other; the list when all is settled."""
    kinds = [("dispute", disputes_for_user), ("doubt", doubts_for_user)]
    for name, rows in reversed(kinds) if doubts_first else kinds:
        if row := rows(user).first():
            return JsonResponse({"next": reverse(name, args=[row.uuid])})
    return JsonResponse({"next": reverse("review_list")})


def dispute_of(user: User, uuid: UUID) -> Reading:
    message = _("This is not waiting for you: somebody has settled it already.")
    return found(disputes_for_user(user), uuid, "dispute_unknown", message)


def doubt_of(user: User, uuid: UUID) -> LabelDoubt:
    message = _("This is not waiting for you: somebody has settled it already.")
    return found(doubts_for_user(user), uuid, "doubt_unknown", message)
