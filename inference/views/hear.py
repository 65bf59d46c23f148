"""The correction page's question to the engine: which models there are, and what one of them hears."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.requests import person
from annotation.models import Segment
from annotation.selectors.segments import segments_for_user
from annotation.views.payloads import read_json
from base.errors import NotFound
from inference.selectors.ears import model_to_hear, models_to_hear
from inference.services.hearings import LANGUAGES, segment_hear
from speech.types import Span


class HearForm(forms.Form):
    """Without a model the live one hears; without times the whole segment is heard."""

    language = forms.ChoiceField(choices=[(code, code) for code in LANGUAGES])
    model = forms.UUIDField(required=False)
    start_ms = forms.IntegerField(required=False, min_value=0)
    end_ms = forms.IntegerField(required=False, min_value=0)


@require_http_methods(["GET", "POST"])
@never_cache
def segment_listen_again(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """GET -> `{models, languages}`; POST -> `{text, words, model, language, flags}`."""
    segment = segments_for_user(person(request)).filter(uuid=uuid).first()
    if segment is None:
        raise NotFound("segment_unknown", _("There is no such segment at your sites."))
    return choices(segment) if request.method == "GET" else answer(request, segment)


def choices(segment: Segment) -> JsonResponse:
    models = [{"uuid": one.uuid, "name": one.name} for one in models_to_hear(segment.recording.site)]
    return JsonResponse({"models": models, "languages": LANGUAGES})


def answer(request: HttpRequest, segment: Segment) -> JsonResponse:
    data = read_json(request, HearForm)
    model = model_to_hear(segment, str(data["model"] or ""))
    start_ms, end_ms = data["start_ms"], data["end_ms"]
    span = None
    # The whole segment is heard as it is, without a margin.
    if start_ms is not None and end_ms is not None and (start_ms, end_ms) != (0, segment.duration_ms):
        span = Span(min(start_ms, end_ms), end_ms)
    heard = segment_hear(
        user=person(request), segment=segment, model=model, language=data["language"], span=span
    )
    return JsonResponse(
        {
            "text": heard.text,
            "words": heard.words,
            "model": model.name,
            "language": heard.language,
            "flags": heard.flags,
        }
    )
