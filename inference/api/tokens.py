"""Short-lived tokens for browsers: OpenAI's client secrets and Deepgram's grants, made with an API key."""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse

from inference.api.access import Door
from inference.api.problems import BadRequest, deepgram_answer
from inference.models import Scope
from inference.selectors.callers import Caller
from inference.services.keys import token_issue

OPENAI_S, OPENAI_LEAST_S, OPENAI_MOST_S = 600, 10, 7200
DEEPGRAM_S, DEEPGRAM_LEAST_S, DEEPGRAM_MOST_S = 30, 1, 3600


@Door("POST", Scope.LIVE)
def client_secrets(request: HttpRequest, caller: Caller) -> JsonResponse:
    """The session configuration is not kept: the client sends its own `session.update`."""
    wanted = _json(request)
    after = wanted.get("expires_after")
    seconds = after.get("seconds", OPENAI_S) if isinstance(after, dict) else OPENAI_S
    _check(seconds, OPENAI_LEAST_S, OPENAI_MOST_S, "expires_after.seconds")
    session = wanted.get("session")
    session = session if isinstance(session, dict) else {}
    if session.get("type", "transcription") != "transcription":
        message = "This server transcribes; session.type must be transcription."
        raise BadRequest("unsupported_session", message, param="session.type")
    value, expires_at = token_issue(caller=caller, seconds=int(seconds))
    about = {
        "id": f"sess_{caller.key.uuid.hex}",
        "object": "realtime.transcription_session",
        "type": "transcription",
        "audio": session.get("audio", {}),
        "expires_at": expires_at,
    }
    return JsonResponse({"value": value, "expires_at": expires_at, "session": about})


@Door("POST", Scope.LIVE, problem=deepgram_answer)
def grant(request: HttpRequest, caller: Caller) -> JsonResponse:
    seconds = _json(request).get("ttl_seconds", DEEPGRAM_S)
    _check(seconds, DEEPGRAM_LEAST_S, DEEPGRAM_MOST_S, "ttl_seconds")
    value, _expires_at = token_issue(caller=caller, seconds=int(seconds))
    return JsonResponse({"access_token": value, "expires_in": int(seconds)})


def _json(request: HttpRequest) -> dict[str, Any]:
    """An empty body asks for nothing special."""
    try:
        wanted = json.loads(request.body or b"{}")
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        raise BadRequest("bad_json", "The body must be a JSON object.")
    return wanted


def _check(seconds: object, least: int, most: int, param: str) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not least <= seconds <= most:
        raise BadRequest("bad_lifetime", f"{param} must be from {least} to {most} seconds.", param=param)
