"""The same wrong word elsewhere in the queue: look, put right, take back."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import person
from accounts.selectors import require_role
from annotation.models import Segment, WordFix
from annotation.selectors.fixes import LOOKED_THROUGH, SHOWN, Occurrence, occurrences, word_fixes_for_user
from annotation.services.fixes import word_fix_apply, word_fix_undo
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import FixForm, WordForm, read_json
from base.errors import DomainError, wants_json
from base.loading import found

FIXES_A_PAGE = 30


@require_http_methods(["GET", "POST"])
@never_cache
def segment_fixes(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """GET `?wrong=`: where else it waits. POST `{wrong, right, segments}`: puts it right there."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    return _apply(request, segment) if request.method == "POST" else _look(request, segment)


def _look(request: HttpRequest, segment: Segment) -> JsonResponse:
    form = WordForm(request.GET)
    if not form.is_valid():
        raise DomainError("bad_request", _("Name the word to look for."))
    found = occurrences(segment, form.cleaned_data["wrong"])
    limits = {"limit": LOOKED_THROUGH, "shown": SHOWN}
    bound = _("Looked through the %(limit)s segments that come next; at most %(shown)s are shown.") % limits
    return JsonResponse({"bound": bound, "found": [_shown(one) for one in found]})


def _shown(one: Occurrence) -> dict[str, str]:
    return {
        "uuid": str(one.segment.uuid),
        "title": one.segment.recording.title,
        "audio": reverse("segment_audio", args=[one.segment.uuid]),
        "before": one.before,
        "match": one.match,
        "after": one.after,
    }


def _apply(request: HttpRequest, segment: Segment) -> JsonResponse:
    fix = word_fix_apply(user=person(request), segment=segment, **read_json(request, FixForm))
    count = fix.segments.count()
    text = ngettext(
        "“%(wrong)s” is now “%(right)s” in %(n)s more segment.",
        "“%(wrong)s” is now “%(right)s” in %(n)s more segments.",
        count,
    )
    message = text % {"wrong": fix.wrong, "right": fix.right, "n": count}
    return JsonResponse({"message": message, "undo": reverse("word_fix_undo", args=[fix.uuid])})


@require_safe
def word_fix_list(request: HttpRequest) -> HttpResponse:
    """Newest first, each with its undo."""
    require_role(person(request), *CORRECTORS)
    page = Paginator(word_fixes_for_user(person(request)), FIXES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "annotation/word_fix_list.html", {"page": page})


@require_POST
def word_fix_take_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    fix = _fix_of(request, uuid)
    word_fix_undo(user=person(request), fix=fix)
    message = _("Taken back: the drafts say “%(wrong)s” again.") % {"wrong": fix.wrong}
    if wants_json(request):
        return JsonResponse({"message": message})
    messages.success(request, message)
    return redirect("word_fix_list")


def _fix_of(request: HttpRequest, uuid: UUID) -> WordFix:
    fixes = word_fixes_for_user(person(request))
    return found(fixes, uuid, "fix_unknown", _("There is no such fix at your sites."))
