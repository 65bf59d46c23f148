"""What else each word may be. Asked for after the page has opened, so that nothing waits for it."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.requests import person
from annotation.selectors.alternatives import alternatives_of
from annotation.selectors.readings import as_first_seen, reading_in_hand
from annotation.selectors.terms import lexicon_of
from annotation.texts.alternatives import Alternative
from annotation.views.loading import CORRECTORS, segment_of


@require_safe
def segment_alternatives(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """-> {words: [[{text, first, last, why}, …], …]}, one list for each word of the draft."""
    segment = segment_of(person(request), uuid, *CORRECTORS)
    reading = reading_in_hand(person(request), segment)
    if reading:
        segment = as_first_seen(reading)
    lists = alternatives_of(segment, lexicon_of(segment.site_id), blind=reading is not None)
    return JsonResponse({"words": [[_shown(one) for one in own] for own in lists]})


def _shown(one: Alternative) -> dict[str, object]:
    return {"text": one.text, "first": one.first, "last": one.last, "why": why(one)}


def why(one: Alternative) -> str:
    """Where the proposal comes from, in words."""
    if one.source == "corrected":
        times = int(one.detail)
        text = ngettext("corrected so %(n)s time before", "corrected so %(n)s times before", times)
        return text % {"n": times}
    if one.source == "lexicon":
        return _("nearly a term of your lexicon")
    if one.source == "model":
        return _("heard so by another model: %(model)s") % {"model": one.detail}
    return _("the recogniser's next choice")
