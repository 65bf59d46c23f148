"""A dictation as a file for its speaker: text, SRT, FHIR, and its sound once that is stored.

`?marks=0` leaves out marks that no recogniser wrote.
"""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from base.errors import NotFound
from base.storage import data_path
from inference.models import LiveSession
from inference.selectors.utterances import said_in
from inference.texts.document_reference import Note, Sound, document_reference
from inference.texts.flow import running_text
from inference.views.sessions import own_session
from speech.formats.cues import Cue
from speech.formats.srt import srt
from speech.recognizer import AUTO_LANGUAGE

WRITTEN_AS = {"zh": "zh-TW", AUTO_LANGUAGE: "zh-TW"}  # BCP 47, as FHIR wants it

_kept_nowhere = cache_control(private=True, no_store=True)


@require_safe
@_kept_nowhere
def live_export_txt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    session = own_session(request, uuid)
    return _file(session, "txt", "text/plain", running_text(said_in(session), _marks(request)) + "\n")


@require_safe
@_kept_nowhere
def live_export_srt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    session = own_session(request, uuid)
    cues = [Cue(one.start_ms, one.end_ms, one.text) for one in said_in(session)]
    return _file(session, "srt", "application/x-subrip", srt(cues))


@require_safe
@_kept_nowhere
def live_export_json(request: HttpRequest, uuid: UUID) -> JsonResponse:
    session = own_session(request, uuid)
    text = running_text(said_in(session), _marks(request))
    answer = JsonResponse(
        document_reference(note_of(session, text, _sound(request, session))),
        content_type="application/fhir+json; charset=utf-8",
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    answer["Content-Disposition"] = _disposition(session, "json")
    return answer


@require_safe
@_kept_nowhere
def live_audio(request: HttpRequest, uuid: UUID) -> FileResponse:
    session = own_session(request, uuid)
    path = _wav(session)
    if path is None:
        raise NotFound("no_audio", _("The sound of this dictation is not stored as a recording."))
    return FileResponse(path.open("rb"), content_type="audio/wav", filename=f"{_name(session)}.wav")


def note_of(session: LiveSession, text: str, sound: Sound | None = None) -> Note:
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
        language=WRITTEN_AS.get(session.language, session.language),
        sound=sound,
    )


def _sound(request: HttpRequest, session: LiveSession) -> Sound | None:
    path = _wav(session)
    if path is None:
        return None
    with path.open("rb") as stream:
        sha1 = hashlib.file_digest(stream, lambda: hashlib.sha1(usedforsecurity=False)).digest()
    url = request.build_absolute_uri(reverse("live_audio", args=[session.uuid]))
    return Sound(url, "audio/wav", session.received_ms, sha1, path.stat().st_size)


def _wav(session: LiveSession) -> Path | None:
    """The untouched sound, once the session is a recording."""
    if session.recording is None or not session.recording.original_path:
        return None
    path = data_path(session.recording.original_path)
    return path if path.suffix == ".wav" and path.is_file() else None


def _marks(request: HttpRequest) -> bool:
    return request.GET.get("marks") != "0"


def _file(session: LiveSession, ending: str, kind: str, text: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = _disposition(session, ending)
    return answer


def _disposition(session: LiveSession, ending: str) -> str:
    return f'attachment; filename="{_name(session)}.{ending}"'


def _name(session: LiveSession) -> str:
    return f"dictation-{timezone.localtime(session.created_at):%Y%m%d-%H%M%S}"
