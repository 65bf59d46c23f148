"""POST /v1/audio/transcriptions: a file in, its text out, whole or as it comes (SSE).

The sound is decoded and cut in a thread, heard utterance by utterance by the engine. Nothing is stored.
"""

import logging
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.exceptions import BadRequest as DjangoBadRequest
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from annotation.selectors.terms import terms_to_tell
from base.errors import DomainError
from inference.api import answers
from inference.api.access import Door
from inference.api.ear import HeardUtterance, Settings, utterances_heard
from inference.api.models import model_named
from inference.api.problems import BadRequest, openai_problem
from inference.api.sound import Sound, refuse_larger, sound_of
from inference.api.wanted import Wanted
from inference.models import Scope
from inference.selectors.callers import Caller
from speech.joining import separator
from training.models import SpeechModel

logger = logging.getLogger(__name__)


@Door("POST", Scope.TRANSCRIBE)
async def transcriptions(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    wanted, file = await sync_to_async(_read, thread_sensitive=False)(request)
    model, terms = await database_sync_to_async(_model_and_terms)(caller, wanted)
    sound = await sound_of(file, wanted.vad)
    heard_with = Settings(
        model=model.ref,
        language=wanted.language,
        prompt=wanted.prompt,
        hotwords=(*terms, *wanted.keywords),
        word_times=wanted.words,
    )
    if wanted.stream:
        return StreamingHttpResponse(
            _events(sound, heard_with, wanted),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
    heard = [one async for one in utterances_heard(sound, heard_with)]
    return _whole(heard, sound.duration_ms, wanted)


def _read(request: HttpRequest) -> tuple[Wanted, UploadedFile]:
    """Parses the form: it may write the file to the disk."""
    refuse_larger(request.headers.get("Content-Length"))
    try:
        wanted, file = Wanted(request), request.FILES.get("file")
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError, DjangoBadRequest) as error:
        raise BadRequest("bad_form", "The body must be multipart/form-data with a file.") from error
    if file is None:
        raise BadRequest("missing_file", "Send the sound as the field “file”.", param="file")
    return wanted, file


def _model_and_terms(caller: Caller, wanted: Wanted) -> tuple[SpeechModel, tuple[str, ...]]:
    model = model_named(caller.site, wanted.model)
    return model, terms_to_tell(caller.site.pk, settings.AUSCULT_PROMPT_TERMS)


def _whole(heard: list[HeardUtterance], duration_ms: int, wanted: Wanted) -> HttpResponse:
    match wanted.format:
        case "text":
            return HttpResponse(answers.text_of(heard) + "\n", content_type="text/plain; charset=utf-8")
        case "srt" | "vtt":
            kind = "text/vtt" if wanted.format == "vtt" else "application/x-subrip"
            return HttpResponse(
                answers.subtitles(heard, wanted.format), content_type=f"{kind}; charset=utf-8"
            )
        case "verbose_json":
            body = answers.verbose(heard, duration_ms, wanted.granularities)
        case _:
            body = answers.plain(heard, duration_ms, wanted.logprobs)
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})


async def _events(sound: Sound, heard_with: Settings, wanted: Wanted) -> AsyncIterator[str]:
    """Deltas as they come; joined they are the text of `done`. A segment only for who asked for it."""
    heard: list[HeardUtterance] = []
    text = ""
    try:
        async for one in utterances_heard(sound, heard_with):
            heard.append(one)
            delta = separator(text, one.hypothesis.text) + one.hypothesis.text
            if delta:
                text += delta
                yield answers.sse(_delta(delta, one, wanted.logprobs))
                if "segment" in wanted.granularities:
                    yield answers.sse(_segment(one))
    except DomainError as refused:
        yield answers.sse({"error": openai_problem(refused)}, name="error")
        return
    except Exception:  # the head of the answer is out: what is left is to say so in the stream
        logger.exception("transcribing a file")
        failed = DomainError("server_error", "The transcription failed; the server's log says why.")
        failed.status = 500
        yield answers.sse({"error": openai_problem(failed)}, name="error")
        return
    yield answers.sse(_done(text, heard, sound.duration_ms, wanted.logprobs))


def _delta(delta: str, one: HeardUtterance, logprobs: bool) -> answers.Shape:
    event: answers.Shape = {"type": "transcript.text.delta", "delta": delta}
    return {**event, "logprobs": answers.logprob_shapes(one.hypothesis.tokens)} if logprobs else event


def _segment(one: HeardUtterance) -> answers.Shape:
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{one.number}",
        "start": answers.seconds(one.span.start_ms),
        "end": answers.seconds(one.span.end_ms),
        "text": one.hypothesis.text,
        "speaker": "",  # who speaks is not told apart here
    }


def _done(text: str, heard: list[HeardUtterance], duration_ms: int, logprobs: bool) -> answers.Shape:
    tokens = [token for one in heard for token in one.hypothesis.tokens]
    event: answers.Shape = {
        "type": "transcript.text.done",
        "text": text,
        "usage": answers.token_usage(duration_ms, len(tokens)),
    }
    return {**event, "logprobs": answers.logprob_shapes(tokens)} if logprobs else event
