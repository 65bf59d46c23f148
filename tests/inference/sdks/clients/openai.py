"""OpenAI's own client against the server of the test. Runs in its environment; knows nothing of ours."""

import base64
import json
import os
import wave

from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from websockets.exceptions import InvalidStatus

URL, KEY, SOUND = os.environ["URL"], os.environ["KEY"], os.environ["SOUND"]
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def client(key: str = KEY) -> OpenAI:
    return OpenAI(api_key=key, base_url=f"{URL}/v1", max_retries=0)


def transcribe(**options):
    with open(SOUND, "rb") as file:
        return client().audio.transcriptions.create(file=file, model="whisper-1", **options)


def files() -> dict:
    verbose = transcribe(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    with_logprobs = transcribe(include=["logprobs"], language="zh", temperature=0.0)
    return {
        "json": transcribe().text,
        "text": transcribe(response_format="text"),
        "srt": transcribe(response_format="srt"),
        "vtt": transcribe(response_format="vtt"),
        "verbose": {
            "language": verbose.language,
            "duration": verbose.duration,
            "words": [[word.word, word.start, word.end] for word in verbose.words],
            "segments": [[one.text, one.start, one.end, one.avg_logprob] for one in verbose.segments],
        },
        "logprobs": [
            [one.token, one.logprob, bytes(map(int, one.bytes)).hex()] for one in with_logprobs.logprobs
        ],
        "usage": with_logprobs.usage.model_dump(),
        "stream": [event.model_dump(exclude_none=True) for event in transcribe(stream=True)],
    }


def models() -> dict:
    listed = [model.id for model in client().models.list()]
    return {"listed": listed, "first": client().models.retrieve(listed[0]).id}


def refusals() -> dict:
    said = {}
    for name, call in {
        "key": lambda: client("wrong").models.list(),
        "model": lambda: client().models.retrieve("nothing"),
        "format": lambda: transcribe(language="klingonese"),
    }.items():
        try:
            call()
        except (AuthenticationError, NotFoundError, BadRequestError) as error:
            said[name] = [type(error).__name__, error.code, error.message]
    return said


def realtime(key: str, turn_detection: dict | None, items: int, commit: bool = False) -> list[dict]:
    with wave.open(SOUND) as sound:
        pcm = sound.readframes(sound.getnframes())
    events = []
    with client(key).realtime.connect(extra_query={"intent": "transcription"}) as connection:
        connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 16000},
                        "transcription": {"model": "gpt-realtime-whisper", "language": "zh"},
                        "turn_detection": turn_detection,
                    }
                },
                "include": ["item.input_audio_transcription.logprobs"],
            }
        )
        for first in range(0, len(pcm), 3200):
            audio = base64.b64encode(pcm[first : first + 3200]).decode()
            connection.input_audio_buffer.append(audio=audio)
        if commit:
            connection.input_audio_buffer.commit()
        for event in connection:
            events.append(event.model_dump(exclude_none=True, warnings=False))
            events[-1]["class"] = type(event).__name__
            if sum(event["type"] == f"{TRANSCRIPTION}.completed" for event in events) == items:
                break
    return events


def refused_socket() -> int:
    try:
        realtime("wrong", None, 1)
    except InvalidStatus as refused:
        return refused.response.status_code
    return 0


token = client().realtime.client_secrets.create(
    session={"type": "transcription"}, expires_after={"anchor": "created_at", "seconds": 60}
)
vad = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
print(
    json.dumps(
        {
            "files": files(),
            "models": models(),
            "refusals": refusals(),
            "by_turns": realtime(token.value, vad, items=2),
            "by_commit": realtime(KEY, None, items=1, commit=True),
            "refused_socket": refused_socket(),
        }
    )
)
