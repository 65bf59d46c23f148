"""Texts of a file in OpenAI's shapes. Pure: no request, no engine.

What is ours beside them (a word's probability) is passed over by clients that do not know it.
"""

import json
from collections.abc import Iterable, Sequence

from inference.api.ear import HeardUtterance
from speech.formats.cues import Cue
from speech.formats.srt import srt
from speech.formats.vtt import vtt
from speech.joining import joined
from speech.languages import language_name
from speech.types import Token, Word

AUDIO_TOKENS_PER_S = 50  # positions of Whisper's encoder
Shape = dict[str, object]


def text_of(heard: Iterable[HeardUtterance]) -> str:
    return joined([one.hypothesis.text for one in heard])


def subtitles(heard: Sequence[HeardUtterance], name: str) -> str:
    cues = [Cue(one.span.start_ms, one.span.end_ms, one.hypothesis.text) for one in heard]
    return {"srt": srt, "vtt": vtt}[name](cues)


def plain(heard: Sequence[HeardUtterance], duration_ms: int, logprobs: bool) -> Shape:
    answer: Shape = {"text": text_of(heard), "usage": duration_usage(duration_ms)}
    if logprobs:
        answer["logprobs"] = [shape for one in heard for shape in logprob_shapes(one.hypothesis.tokens)]
    return answer


def verbose(heard: Sequence[HeardUtterance], duration_ms: int, granularities: frozenset[str]) -> Shape:
    """Segments unless only words are asked for, as OpenAI does."""
    answer: Shape = {
        "task": "transcribe",
        "language": language_name(heard[0].hypothesis.language if heard else ""),
        "duration": seconds(duration_ms),
        "text": text_of(heard),
        "usage": duration_usage(duration_ms),
    }
    if "word" in granularities:
        answer["words"] = [word_shape(word) for one in heard for word in one.hypothesis.words]
    if "segment" in granularities or not granularities:
        spoken = [one for one in heard if one.hypothesis.text]
        answer["segments"] = [segment_shape(number, one) for number, one in enumerate(spoken)]
    return answer


def segment_shape(number: int, one: HeardUtterance) -> Shape:
    heard = one.hypothesis
    return {
        "id": number,
        "seek": one.span.start_ms // 10,  # in frames of 10 ms, as Whisper counts
        "start": seconds(one.span.start_ms),
        "end": seconds(one.span.end_ms),
        "text": heard.text,
        "tokens": [],  # numbers of a vocabulary that the client does not have
        "temperature": 0.0,
        "avg_logprob": heard.avg_logprob,
        "compression_ratio": heard.compression_ratio,
        "no_speech_prob": heard.no_speech_prob,
    }


def word_shape(word: Word) -> Shape:
    shape: Shape = {"word": word.text, "start": seconds(word.start_ms), "end": seconds(word.end_ms)}
    return shape if word.probability is None else {**shape, "probability": round(word.probability, 4)}


def logprob_shapes(tokens: Iterable[Token]) -> list[Shape]:
    return [
        {"token": token.text, "logprob": token.logprob, "bytes": list(token.text.encode())}
        for token in tokens
    ]


def duration_usage(duration_ms: int) -> Shape:
    return {"type": "duration", "seconds": seconds(duration_ms)}


def token_usage(duration_ms: int, output_tokens: int, text_tokens: int = 0) -> Shape:
    audio_tokens = duration_ms * AUDIO_TOKENS_PER_S // 1000
    return {
        "type": "tokens",
        "input_tokens": audio_tokens + text_tokens,
        "input_token_details": {"audio_tokens": audio_tokens, "text_tokens": text_tokens},
        "output_tokens": output_tokens,
        "total_tokens": audio_tokens + text_tokens + output_tokens,
    }


def seconds(milliseconds: int) -> float:
    return round(milliseconds / 1000, 3)


def sse(event: Shape, name: str = "") -> str:
    """One server-sent event; `name` only where clients want it (errors)."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(event, ensure_ascii=False)}\n\n"
