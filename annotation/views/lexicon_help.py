"""What the correction page asks of the lexicon: forms to suggest, terms in the text, a new term."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Site, User
from accounts.requests import person
from accounts.selectors import sites_for_user
from annotation.models import Segment, TermKind
from annotation.models.terms import LONGEST_TERM
from annotation.selectors.recordings import VIEWERS
from annotation.selectors.terms import lexicon_of, lexicon_token, suggester_of
from annotation.services.terms import term_add
from annotation.texts.places import TermPlace, term_places
from annotation.texts.suggestions import Suggestion
from annotation.views.loading import CORRECTORS, segment_of
from annotation.views.payloads import LONGEST_TEXT, read_json
from base.errors import NotFound

SENT_WHOLE = 4_000  # forms; beyond it the server is asked for each word


class WordForm(forms.Form):
    text = forms.CharField(max_length=LONGEST_TERM)


class TextForm(forms.Form):
    text = forms.CharField(required=False, strip=False, max_length=LONGEST_TEXT)


def lexicon_data(segment: Segment) -> dict[str, object]:
    """Where the page finds its site's terms. The token is part of the address, so that the browser keeps
    the list until a term changes. `forms` is null where they are too many, `suggest` where none."""
    token = lexicon_token(segment.site_id)
    site = {"site": segment.recording.site.slug}
    count = len(suggester_of(segment.site_id).forms) if token else 0
    address = f"{reverse('lexicon_forms')}?{urlencode(site | {'v': str(token)})}"
    return {
        "forms": address if 0 < count <= SENT_WHOLE else None,
        "suggest": f"{reverse('lexicon_suggest')}?{urlencode(site)}" if count > SENT_WHOLE else None,
        "found": reverse("segment_terms", args=[segment.uuid]),
        "add": reverse("segment_add_term", args=[segment.uuid]),
    }


@require_safe
@cache_control(private=True, max_age=86_400, immutable=True)
def lexicon_forms(request: HttpRequest) -> JsonResponse:
    """`forms`: [text, term, kind, [what may be typed for it]]."""
    site = _site(person(request), request.GET.get("site", ""))
    found = suggester_of(site.pk).forms
    return JsonResponse({"forms": [[*_suggestion(form.suggestion), form.typed] for form in found]})


@require_safe
@cache_control(private=True, max_age=60)
def lexicon_suggest(request: HttpRequest) -> JsonResponse:
    """`suggestions`: [text, term, kind], at most eight, for `q` as it stands before the caret."""
    site = _site(person(request), request.GET.get("site", ""))
    found = suggester_of(site.pk).find(request.GET.get("q", "")[:LONGEST_TERM])
    return JsonResponse({"suggestions": [_suggestion(one) for one in found]})


@require_POST
def segment_terms(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """`places`: the terms in the text and the near misses, by characters (code points) of the text."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    text = read_json(request, TextForm)["text"]
    places = term_places(lexicon_of(segment.site_id), text)
    return JsonResponse({"places": [_place(text, place) for place in places]})


@require_POST
def segment_add_term(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """The selected word becomes a term of the segment's site."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    text = read_json(request, WordForm)["text"]
    term = term_add(user=person(request), site=segment.recording.site, text=text)
    return JsonResponse({"message": _("“%(term)s” is in the lexicon.") % {"term": term.text}})


def _site(user: User, slug: str) -> Site:
    site = sites_for_user(user, *VIEWERS).filter(slug=slug).first()
    if site is None:
        raise NotFound("site_unknown", _("There is no such site of yours."))
    return site


def _suggestion(one: Suggestion) -> list[str]:
    return [one.text, one.term, str(TermKind(one.kind).label) if one.kind else ""]


def _place(text: str, place: TermPlace) -> dict[str, Any]:
    return {
        "start": place.start,
        "end": place.end,
        "heard": text[place.start : place.end],
        "forms": [place.term.text, *place.term.aliases],
        "near": place.near,
    }
