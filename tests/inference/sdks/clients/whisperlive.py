"""WhisperLive's own client against the server of the test. Runs in its environment; knows nothing of ours."""

import json
import os
import urllib.request
import wave

from whisper_live.client import StreamingTranscriptionClient, TranscriptionClient

URL, KEY, SOUND = os.environ["URL"], os.environ["KEY"], os.environ["SOUND"]
HOST, PORT = URL.removeprefix("http://").split(":")


def token() -> str:
    request = urllib.request.Request(
        f"{URL}/v1/auth/grant", data=b"{}", headers={"Authorization": f"Bearer {KEY}"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def port() -> str:
    """What the client puts behind the colon of its address: the only way to give it a path and a token."""
    return f"{PORT}/whisperlive?token={token()}"


def streamed(milliseconds: int | None = None) -> dict:
    with wave.open(SOUND) as sound:
        pcm = sound.readframes(sound.getnframes())[: milliseconds * 32 if milliseconds else None]
    partial, committed = [], []
    client = StreamingTranscriptionClient(
        HOST,
        port(),
        lang="zh",
        on_partial_transcript=lambda text, _: partial.append(text),
        on_committed_transcript=lambda text, segments: committed.append([text, *segments]),
    )
    with client:
        for first in range(0, len(pcm), 6400):
            client.send(pcm[first : first + 6400])
    return {"partial": partial, "committed": committed}


def played() -> dict:
    """A file with a subtitle file for an answer. It waits 15 s after the last text; here, 3."""
    client = TranscriptionClient(
        HOST,
        port(),
        lang="zh",
        mute_audio_playback=True,
        log_transcription=False,
        output_transcription_path="./out.srt",
    )
    client.client.disconnect_if_no_response_for = 3
    text = client(audio=SOUND)
    with open("out.srt", encoding="utf-8") as file:
        return {"text": text, "srt": file.read()}


def refused() -> str:
    client = StreamingTranscriptionClient(HOST, f"{PORT}/whisperlive", lang="zh", ready_timeout=20)
    try:
        client.connect()
    except RuntimeError as error:
        return str(error)
    return ""


answers = {"streamed": streamed(), "cut": streamed(2600), "played": played(), "refused": refused()}
print(json.dumps(answers))
