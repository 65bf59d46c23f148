"""A person's own dictations: the list, the page of one, what that page asks, and a corrected utterance."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import person
from annotation.views.payloads import LONGEST_TEXT, read_json
from base.errors import NotFound, wants_json
from base.paging import page_of
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance
from inference.selectors.sessions import sessions_for_user
from inference.selectors.utterances import said_in, text_now, utterances_heard
from inference.services.corrections import utterance_correct
from inference.texts.flow import running_text
from inference.views.live import page_config

PAGE_SIZE = 20
LONGEST_PREVIEW = 160  # characters


class CorrectionForm(forms.Form):
    text = forms.CharField(required=False, max_length=LONGEST_TEXT)


@require_safe
def live_sessions(request: HttpRequest) -> HttpResponse:
    spoken = sessions_for_user(person(request)).exclude(status=LiveSessionStatus.EMPTY)
    page = page_of(spoken, request.GET, PAGE_SIZE)
    rows = [(session, running_text(said_in(session))[:LONGEST_PREVIEW]) for session in page]
    return render(request, "inference/live_sessions.html", {"page": page, "rows": rows})


@require_safe
def live_session(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The page of one dictation. As JSON: what became of it and its text so far (a page was reloaded)."""
    session = own_session(request, uuid)
    if wants_json(request):
        return JsonResponse(session_data(session))
    said = said_in(session)
    context = {
        "session": session,
        "is_empty": not any(one.text for one in said),
        "data": session_data(session),
        "config": page_config(session.user, session.site, session.model),
    }
    return render(request, "inference/live_session.html", context)


@require_POST
def live_utterance(request: HttpRequest, uuid: UUID, index: int) -> JsonResponse:
    """`{text}` -> `{text, index}`: the speaker puts right what was understood."""
    session = own_session(request, uuid)
    text = read_json(request, CorrectionForm)["text"]
    utterance = utterance_correct(user=person(request), session=session, index=index, text=text)
    return JsonResponse({"text": text_now(utterance), "index": utterance.index})


def own_session(request: HttpRequest, uuid: UUID) -> LiveSession:
    """Raises NotFound."""
    sessions = sessions_for_user(person(request)).select_related("model", "user")
    session = sessions.filter(uuid=uuid).first()
    if session is None:
        raise NotFound("session_unknown", _("There is no such session of yours."))
    return session


def session_data(session: LiveSession) -> dict[str, object]:
    recording = session.recording and reverse("recording_detail", args=[session.recording.uuid])
    return {
        "session": str(session.uuid),
        "status": session.status,
        "recording": recording,
        "utterances": [_final(row) for row in utterances_heard(session)],
    }


def _final(row: LiveUtterance) -> dict[str, object]:
    """As the socket tells it."""
    return {
        "id": str(row.uuid),
        "utterance": row.index,
        "text": row.text,
        "corrected_text": row.corrected_text if row.is_corrected else None,
        "words": row.words,
        "start_ms": row.start_ms,
        "end_ms": row.end_ms,
    }
