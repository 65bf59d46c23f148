"""What a client of OpenAI's realtime transcription asks for: session.update, GA and the older shape.

Pure: JSON in, a frozen configuration out, and the session object that is shown for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from base.errors import DomainError
from inference.api.hints import require_short
from inference.api.problems import BadRequest
from inference.streaming.session import SessionOptions
from speech.languages import language_code
from speech.recognizer import AUTO_LANGUAGE
from speech.wire_sound import Encoding, WireSound, WireSoundError

LOGPROBS = "item.input_audio_transcription.logprobs"
PCM_RATES_HZ = (
    24_000,
    16_000,
    48_000,
)  # OpenAI has the first alone; the others spare a client its resampling
G711: dict[str, Encoding] = {"audio/pcmu": "mulaw", "audio/pcma": "alaw"}
OLDER_FORMATS = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
EAGERNESS_MS = {"auto": None, "medium": None, "low": 800, "high": 320}  # None: by what was said
MOST_PROMPT = 4000
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServerVad:
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500


@dataclass(frozen=True, slots=True)
class SemanticVad:
    eagerness: str = "auto"


@dataclass(frozen=True, slots=True)
class RealtimeConfig:
    """`turns` None: only the client's commit makes an item."""

    encoding: Encoding = "pcm16"
    rate_hz: int = 24_000
    model: str = ""
    language: str = ""
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    turns: ServerVad | SemanticVad | None = ServerVad()
    logprobs: bool = False

    def sound(self) -> WireSound:
        return WireSound(self.encoding, self.rate_hz)

    def options(self) -> SessionOptions:
        match self.turns:
            case ServerVad(threshold, padding_ms, silence_ms):
                return SessionOptions.of(hangover_ms=silence_ms, pre_roll_ms=padding_ms, threshold=threshold)
            case SemanticVad(eagerness):
                return SessionOptions.of(hangover_ms=EAGERNESS_MS[eagerness])
        return SessionOptions()  # heard in utterances all the same; they are of one item until the commit

    def hints(self) -> tuple[str, ...]:
        """A prompt of this protocol is a list of words or a sentence; either way it is told beforehand."""
        return (*self.keywords, *((self.prompt,) if self.prompt else ()))

    def same_session(self, other: "RealtimeConfig") -> bool:
        """Can one dictation serve both? What it is opened with does not change under way."""
        return (self.language, self.turns, self.hints()) == (other.language, other.turns, other.hints())

    def shown(self) -> dict[str, Any]:
        """The session object's own fields."""
        transcription = {
            "model": self.model or None,
            "language": self.language or None,
            "prompt": self.prompt,
        }
        audio_format: dict[str, Any] = {"type": "audio/pcm", "rate": self.rate_hz}
        if self.encoding != "pcm16":
            audio_format = {"type": next(name for name, code in G711.items() if code == self.encoding)}
        return {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": audio_format,
                    "transcription": transcription,
                    "noise_reduction": None,
                    "turn_detection": _shown_turns(self.turns),
                }
            },
            "include": [LOGPROBS] if self.logprobs else None,
        }


def updated(config: RealtimeConfig, session: Any) -> RealtimeConfig:
    """`session` of session.update; what it leaves out stays. Raises BadRequest."""
    session = _object(session, "session")
    if session.get("type", "transcription") != "transcription":
        raise wrong("session.type", "This server transcribes: session.type must be transcription.")
    audio = _object(_object(session.get("audio"), "session.audio").get("input"), "session.audio.input")
    if "format" in audio and audio["format"] is not None:
        config = _with_format(config, _object(audio["format"], "session.audio.input.format"))
    if audio.get("transcription") is not None:
        config = _with_transcription(config, _object(audio["transcription"], "transcription"))
    if "turn_detection" in audio:
        config = replace(config, turns=_turns(audio["turn_detection"]))
    if "include" in session:
        config = replace(config, logprobs=LOGPROBS in _texts(session["include"], "session.include"))
    try:
        config.sound()
    except WireSoundError as error:
        raise wrong("session.audio.input.format", str(error)) from error
    return config


def older_shape(session: Any) -> dict[str, Any]:
    """transcription_session.update (retired by OpenAI) -> what session.update would say."""
    session = _object(session, "session")
    audio: dict[str, Any] = {}
    if session.get("input_audio_format") is not None:
        name = _text(session["input_audio_format"], "session.input_audio_format")
        if name not in OLDER_FORMATS:
            raise wrong("session.input_audio_format", f"The format is one of {', '.join(OLDER_FORMATS)}.")
        audio["format"] = OLDER_FORMATS[name]
    if session.get("input_audio_transcription") is not None:
        audio["transcription"] = session["input_audio_transcription"]
    if "turn_detection" in session:
        audio["turn_detection"] = session["turn_detection"]
    known = {"include": session["include"]} if "include" in session else {}
    return {"type": "transcription", "audio": {"input": audio}, **known}


def wrong(param: str, message: str) -> DomainError:
    return BadRequest("invalid_value", message, param=param)


def _with_format(config: RealtimeConfig, wanted: Json) -> RealtimeConfig:
    kind = _text(wanted.get("type", "audio/pcm"), "session.audio.input.format.type")
    if kind in G711:
        return replace(config, encoding=G711[kind], rate_hz=8_000)
    rate_hz = wanted.get("rate") or PCM_RATES_HZ[0]
    if kind != "audio/pcm" or not isinstance(rate_hz, int) or rate_hz not in PCM_RATES_HZ:
        message = "The format is audio/pcm with 24000, 16000 or 48000 Hz, audio/pcmu or audio/pcma."
        raise wrong("session.audio.input.format", message)
    return replace(config, encoding="pcm16", rate_hz=rate_hz)


def _with_transcription(config: RealtimeConfig, wanted: Json) -> RealtimeConfig:
    several = _texts(wanted.get("languages"), "transcription.languages")
    alone = "" if not several else several[0] if len(several) == 1 else AUTO_LANGUAGE
    language = _text(wanted.get("language"), "transcription.language") or alone
    model = _text(wanted.get("model"), "transcription.model")
    prompt = _text(wanted.get("prompt"), "transcription.prompt")
    keywords = _texts(wanted.get("keywords"), "transcription.keywords")
    if len(prompt) > MOST_PROMPT:
        raise wrong("transcription.prompt", f"prompt has at most {MOST_PROMPT} characters.")
    require_short((*keywords, prompt), param="transcription.keywords")
    try:
        language_code(language)
    except ValueError as error:
        raise wrong("transcription.language", str(error)) from error
    return replace(config, model=model, language=language, prompt=prompt, keywords=keywords)


def _turns(wanted: Any) -> ServerVad | SemanticVad | None:
    if wanted is None:
        return None
    wanted = _object(wanted, "turn_detection")
    if wanted.get("type") == "semantic_vad":
        eagerness = _text(wanted.get("eagerness"), "turn_detection.eagerness") or "auto"
        if eagerness not in EAGERNESS_MS:
            raise wrong("turn_detection.eagerness", "eagerness is low, medium, high or auto.")
        return SemanticVad(eagerness)
    if wanted.get("type", "server_vad") != "server_vad":
        raise wrong("turn_detection.type", "turn_detection is server_vad, semantic_vad or null.")
    usual = ServerVad()
    return ServerVad(
        threshold=_within(wanted, "threshold", usual.threshold, 0.05, 0.95),
        prefix_padding_ms=int(_within(wanted, "prefix_padding_ms", usual.prefix_padding_ms, 0, 2_000)),
        silence_duration_ms=int(
            _within(wanted, "silence_duration_ms", usual.silence_duration_ms, 100, 10_000)
        ),
    )


def _shown_turns(turns: ServerVad | SemanticVad | None) -> dict[str, Any] | None:
    match turns:
        case ServerVad(threshold, padding_ms, silence_ms):
            return {
                "type": "server_vad",
                "threshold": threshold,
                "prefix_padding_ms": padding_ms,
                "silence_duration_ms": silence_ms,
            }
        case SemanticVad(eagerness):
            return {"type": "semantic_vad", "eagerness": eagerness}
    return None


def _object(value: Any, param: str) -> Json:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(param, f"{param} must be an object.")
    return value


def _text(value: Any, param: str) -> str:
    if not isinstance(value, str | None):
        raise wrong(param, f"{param} must be a text.")
    return value or ""


def _texts(value: Any, param: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong(param, f"{param} must be a list of texts.")
    return tuple(value)


def _within(wanted: Json, name: str, usual: float, least: float, most: float) -> float:
    value = wanted.get(name)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise wrong(f"turn_detection.{name}", f"{name} is a number from {least} to {most}.")
    return value
