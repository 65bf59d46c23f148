"""POST /v1/listen: Deepgram's transcription of a file. The body is the sound itself; nothing is stored."""

import hashlib
from uuid import uuid4

from channels.db import database_sync_to_async
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from inference.api.access import Door
from inference.api.answers import Shape, seconds, text_of
from inference.api.ear import HeardUtterance, Settings, utterances_heard
from inference.api.problems import BadRequest, deepgram_answer
from inference.api.sound import Sound, refuse_larger, sound_of
from inference.consumers.deepgram_config import listen_config
from inference.consumers.deepgram_results import confidence_of, word_shape
from inference.models import Scope
from inference.selectors.callers import Caller
from training.models import SpeechModel
from training.selectors import live_model


@Door("POST", Scope.TRANSCRIBE, problem=deepgram_answer)
async def listen(request: HttpRequest, caller: Caller) -> JsonResponse:
    config = listen_config(dict(request.GET.lists()))
    if request.content_type == "application/json":
        raise BadRequest("no_url", "Nothing is fetched from elsewhere: send the sound itself.")
    refuse_larger(request.headers.get("Content-Length"))
    model = await database_sync_to_async(live_model)(caller.site)
    sound = await sound_of(request)  # type: ignore[arg-type] # read() is all it needs
    heard_with = Settings(model.ref, config.language, hotwords=config.keyterms, word_times=True)
    heard = [one async for one in utterances_heard(sound, heard_with)]
    answer = {"metadata": _metadata(sound, model), "results": _results(heard)}
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})


def _metadata(sound: Sound, model: SpeechModel) -> Shape:
    name = str(model.uuid)
    return {
        "transaction_key": "deprecated",
        "request_id": str(uuid4()),
        "sha256": hashlib.sha256(sound.pcm).hexdigest(),
        "created": timezone.now().isoformat().replace("+00:00", "Z"),
        "duration": seconds(sound.duration_ms),
        "channels": 1,
        "models": [name],
        "model_info": {name: {"name": model.name, "version": str(model.pk), "arch": "asr"}},
    }


def _results(heard: list[HeardUtterance]) -> Shape:
    words = [word for one in heard for word in one.hypothesis.words]
    best = {
        "transcript": text_of(heard),
        "confidence": round(confidence_of(text_of(heard), words, None), 4),
        "words": [word_shape(word) for word in words],
    }
    return {"channels": [{"alternatives": [best]}], "utterances": [_utterance(one) for one in heard]}


def _utterance(one: HeardUtterance) -> Shape:
    heard = one.hypothesis
    return {
        "start": seconds(one.span.start_ms),
        "end": seconds(one.span.end_ms),
        "confidence": round(confidence_of(heard.text, heard.words, heard.avg_logprob), 4),
        "channel": 0,
        "transcript": heard.text,
        "words": [word_shape(word) for word in heard.words],
        "id": f"{one.number}",
    }
