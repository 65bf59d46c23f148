"""A dictation as a file for its speaker: text, SRT, FHIR. `?marks=0` leaves out marks that no recogniser wrote."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from inference.models import LiveSession
from inference.selectors.utterances import said_in
from inference.texts.document_reference import Note, document_reference
from inference.texts.flow import running_text
from inference.views.sessions import own_session
from speech.formats.cues import Cue
from speech.formats.srt import srt


@require_safe
def live_export_txt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    session = own_session(request, uuid)
    return _file(session, "txt", "text/plain", running_text(said_in(session), _marks(request)) + "\n")


@require_safe
def live_export_srt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    session = own_session(request, uuid)
    cues = [Cue(one.start_ms, one.end_ms, one.text) for one in said_in(session)]
    return _file(session, "srt", "application/x-subrip", srt(cues))


@require_safe
def live_export_json(request: HttpRequest, uuid: UUID) -> JsonResponse:
    session = own_session(request, uuid)
    text = running_text(said_in(session), _marks(request))
    answer = JsonResponse(
        document_reference(note_of(session, text)),
        content_type="application/fhir+json; charset=utf-8",
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    answer["Content-Disposition"] = _disposition(session, "json")
    return answer


def note_of(session: LiveSession, text: str) -> Note:
    started = timezone.localtime(session.created_at)
    length = timedelta(milliseconds=session.received_ms)
    title = _("Dictation of %(day)s") % {"day": f"{started:%Y-%m-%d %H:%M}"}
    return Note(
        uuid=str(session.uuid),
        text=text,
        author=session.user.get_full_name() or session.user.get_username(),
        organisation=session.site.name,
        started=started,
        ended=timezone.localtime(session.ended_at) if session.ended_at else started + length,
        written=timezone.localtime(),
        title=title,
    )


def _marks(request: HttpRequest) -> bool:
    return request.GET.get("marks") != "0"


def _file(session: LiveSession, ending: str, kind: str, text: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = _disposition(session, ending)
    return answer


def _disposition(session: LiveSession, ending: str) -> str:
    return f'attachment; filename="dictation-{timezone.localtime(session.created_at):%Y%m%d-%H%M%S}.{ending}"'
