"""The addresses for programs in the OpenAPI schema. drf-spectacular finds DRF's views by itself; these are
plain asynchronous ones (a transcription waits for the engine), so they are written down here."""

from typing import Any

STRING, NUMBER, INTEGER, BOOLEAN = ({"type": name} for name in ("string", "number", "integer", "boolean"))
KEYED: list[dict[str, list[str]]] = [{"apiKey": []}]
ERROR = {"$ref": "#/components/schemas/OpenAIError"}


def with_api(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result.setdefault("paths", {}).update(PATHS)
    components = result.setdefault("components", {})
    components.setdefault("securitySchemes", {})["apiKey"] = {"type": "http", "scheme": "bearer"}
    components.setdefault("schemas", {}).update(SCHEMAS)
    return result


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _operation(name: str, summary: str, answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    failed = {"description": "Refused", "content": _json(ERROR)}
    answers = {"200": {"description": "Done", "content": answer}, "default": failed}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["v1"],
        "security": KEYED,
        "responses": answers,
        **more,
    }


TRANSCRIPTION_FIELDS = {
    "file": {"type": "string", "format": "binary", "description": "any sound file"},
    "model": {**STRING, "description": "an id of GET /v1/models; auscult-live when left out"},
    "language": {**STRING, "description": "zh (also when left out), en, auto, or another of the model's"},
    "prompt": STRING,
    "response_format": {**STRING, "enum": ["json", "text", "srt", "vtt", "verbose_json"]},
    "temperature": {**NUMBER, "description": "taken and not used"},
    "timestamp_granularities[]": _listed({**STRING, "enum": ["word", "segment"]}),
    "include[]": _listed({**STRING, "enum": ["logprobs"]}),
    "keywords[]": _listed(STRING),
    "chunking_strategy": {**STRING, "description": "auto, or a server_vad object as JSON"},
    "stream": {**BOOLEAN, "description": "server-sent events: transcript.text.delta, then .done"},
}
SCHEMAS = {
    "OpenAIError": _object(error=_object(message=STRING, type=STRING, param=STRING, code=STRING)),
    "Transcription": _object(
        text=STRING,
        language=STRING,
        duration=NUMBER,
        segments=_listed({"type": "object"}),
        words=_listed(_object(word=STRING, start=NUMBER, end=NUMBER, probability=NUMBER)),
        logprobs=_listed(_object(token=STRING, logprob=NUMBER, bytes=_listed(INTEGER))),
        usage={"type": "object"},
    ),
    "Model": _object(id=STRING, object=STRING, created=INTEGER, owned_by=STRING, name=STRING, kind=STRING),
}
MODEL = {"$ref": "#/components/schemas/Model"}
PATHS = {
    "/v1/audio/transcriptions": {
        "post": _operation(
            "transcriptions_create",
            "The text of a sound file",
            _json({"$ref": "#/components/schemas/Transcription"})
            | {kind: {"schema": STRING} for kind in ("text/plain", "text/vtt", "text/event-stream")},
            requestBody={
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {**_object(**TRANSCRIPTION_FIELDS), "required": ["file"]}
                    }
                },
            },
        )
    },
    "/v1/models": {
        "get": _operation("models_list", "Models of the site", _json(_object(data=_listed(MODEL))))
    },
    "/v1/models/{name}": {
        "get": _operation(
            "models_retrieve",
            "One of them",
            _json(MODEL),
            parameters=[{"name": "name", "in": "path", "required": True, "schema": STRING}],
        )
    },
    "/v1/listen": {
        "post": _operation(
            "listen_create",
            "The text of a sound file, as Deepgram has it",
            _json(_object(metadata={"type": "object"}, results={"type": "object"})),
            requestBody={"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}},
        )
    },
    "/v1/realtime/client_secrets": {
        "post": _operation(
            "client_secrets_create",
            "A short-lived token for a browser, as OpenAI has it",
            _json(_object(value=STRING, expires_at=INTEGER, session={"type": "object"})),
            requestBody={"content": _json(_object(expires_after=_object(anchor=STRING, seconds=INTEGER)))},
        )
    },
    "/v1/auth/grant": {
        "post": _operation(
            "grant_create",
            "A short-lived token for a browser, as Deepgram has it",
            _json(_object(access_token=STRING, expires_in=NUMBER)),
            requestBody={"content": _json(_object(ttl_seconds=NUMBER))},
        )
    },
}
