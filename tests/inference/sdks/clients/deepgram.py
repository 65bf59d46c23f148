"""Deepgram's own client against the server of the test. Runs in its environment; knows nothing of ours."""

import json
import os
import threading
import wave

from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from websockets.exceptions import InvalidStatus

URL, KEY, SOUND = os.environ["URL"], os.environ["KEY"], os.environ["SOUND"]
SOCKET = URL.replace("http", "ws")
HERE = DeepgramClientEnvironment(base=URL, production=SOCKET, agent=SOCKET, agent_rest=URL)
OPTIONS = {
    "model": "nova-3",
    "language": "zh-TW",
    "encoding": "linear16",
    "sample_rate": 16000,
    "interim_results": True,
    "utterance_end_ms": 1000,
    "vad_events": True,
}


def pcm() -> bytes:
    with wave.open(SOUND) as sound:
        return sound.readframes(sound.getnframes())


def listen(client: DeepgramClient, sound: bytes, finalize: bool = False) -> list[dict]:
    messages = []
    with client.listen.v1.connect(**OPTIONS) as connection:

        def keep(message) -> None:
            messages.append({**json.loads(message.json()), "class": type(message).__name__})

        connection.on(EventType.MESSAGE, keep)
        listening = threading.Thread(target=connection.start_listening)
        listening.start()
        connection.send_keep_alive()
        for first in range(0, len(sound), 3200):
            connection.send_media(sound[first : first + 3200])
        if finalize:
            connection.send_finalize()
        connection.send_close_stream()
        listening.join(timeout=60)
    return messages


def file() -> dict:
    with open(SOUND, "rb") as sound:
        answer = client.listen.v1.media.transcribe_file(request=sound.read(), model="nova-3", language="zh")
    return json.loads(answer.json())


def refused() -> int:
    try:
        with DeepgramClient(api_key="wrong", environment=HERE).listen.v1.connect(**OPTIONS):
            return 0
    except ApiError as error:
        return error.status_code or 0
    except InvalidStatus as error:  # what it lets through with a newer `websockets`
        return error.response.status_code


client = DeepgramClient(api_key=KEY, environment=HERE)
token = client.auth.v1.tokens.grant(ttl_seconds=60)
with_token = DeepgramClient(access_token=token.access_token, environment=HERE)
whole = pcm()
print(
    json.dumps(
        {
            "whole": listen(client, whole),
            "cut": listen(with_token, whole[: 32 * 2600], finalize=True),
            "file": file(),
            "expires_in": token.expires_in,
            "refused": refused(),
        }
    )
)
