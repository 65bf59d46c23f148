"""What can go wrong with a request, as a status, a code and one sentence."""

import logging
import math

from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from inference.engine.config import UnknownModelError
from inference.engine.engine import RefusedError
from inference.engine.queue import QueueFullError, SupersededError
from speech.recognizer import ModelLoadError, UnknownLanguageError

logger = logging.getLogger(__name__)


class BadAudioError(ValueError):
    """The body is no audio that can be decoded; the message says why."""


class AudioTooLongError(ValueError):
    """More than one window of sound."""


def problem(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


def problem_of(error: Exception) -> JSONResponse:
    match error:
        case AudioTooLongError():
            return problem(413, "audio_too_long", str(error))
        case BadAudioError():
            return problem(422, "bad_audio", str(error))
        case UnknownModelError():
            return problem(404, "unknown_model", str(error))
        case UnknownLanguageError():
            return problem(422, "unknown_language", str(error))
        case ModelLoadError():
            return problem(422, "model_not_loadable", str(error))
        case SupersededError():
            return problem(409, "superseded", "A newer request of this session took its place.")
        case QueueFullError():
            return problem(503, "busy", "Too many requests wait.", **{"Retry-After": "1"})
        case ClientDisconnect():  # nobody reads this; nginx's number for the access log
            return problem(499, "client_gone", "The client hung up.")
        case RefusedError():
            later = {"Retry-After": str(math.ceil(error.retry_after_s))}
            return problem(503, "busy", str(error), **later)
    logger.error("a request failed", exc_info=error)
    return problem(500, "decode_failed", "The recogniser failed on this request; the log says why.")
