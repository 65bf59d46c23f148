"""What a client of Deepgram's /v1/listen asks for in its address. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.api.hints import require_short
from inference.api.problems import BadRequest
from inference.streaming.session import SessionOptions
from speech.languages import language_code
from speech.wire_sound import Encoding, WireSound, WireSoundError

ENCODINGS: dict[str, Encoding] = {
    "linear16": "pcm16",
    "linear32": "float32",
    "mulaw": "mulaw",
    "alaw": "alaw",
    "opus": "opus",
}
Query = Mapping[str, Sequence[str]]
# Deepgram ends an utterance after 10 ms of silence if it is asked to; no decoder of whole utterances can.
SHORTEST_ENDPOINTING_MS, LONGEST_ENDPOINTING_MS = 200, 10_000
SHORTEST_UTTERANCE_END_MS = 1000


@dataclass(frozen=True, slots=True)
class ListenConfig:
    """`endpointing_ms` None: as by default. `endpointing` False: silence makes no result `speech_final`.
    `encoding_is_guessed`: the client named none."""

    encoding: Encoding = "pcm16"
    encoding_is_guessed: bool = False
    rate_hz: int = 16_000
    channels: int = 1
    language: str = "zh"
    keyterms: tuple[str, ...] = ()
    interim_results: bool = False
    endpointing_ms: int | None = None
    endpointing: bool = True
    utterance_end_ms: int | None = None
    vad_events: bool = False

    def sound(self) -> WireSound:
        return WireSound(self.encoding, self.rate_hz, self.channels)

    def options(self) -> SessionOptions:
        return SessionOptions.of(hangover_ms=self.endpointing_ms)


def listen_config(query: Query) -> ListenConfig:
    """Raises BadRequest, which names the parameter. What is not known here is passed over."""
    if _flag(query, "multichannel"):
        raise _wrong("multichannel", "Channels are mixed into one here; send one channel a connection.")
    encoding = _one(query, "encoding", "linear16")
    if encoding not in ENCODINGS:
        raise _wrong("encoding", f"The encoding is one of {', '.join(ENCODINGS)}.")
    endpointing_ms, endpointing = _endpointing(_one(query, "endpointing", "true"))
    telephone = encoding in {"mulaw", "alaw"}
    config = ListenConfig(
        encoding=ENCODINGS[encoding],
        encoding_is_guessed="encoding" not in query,
        rate_hz=_number(query, "sample_rate", 8_000 if telephone else 16_000),
        channels=_number(query, "channels", 1),
        language=_language(_one(query, "language", "")),
        keyterms=_keyterms(query),
        interim_results=_flag(query, "interim_results"),
        endpointing_ms=endpointing_ms,
        endpointing=endpointing,
        utterance_end_ms=_utterance_end_ms(query),
        vad_events=_flag(query, "vad_events"),
    )
    try:
        config.sound()
    except WireSoundError as error:
        raise _wrong("sample_rate", str(error)) from error
    return config


def _wrong(param: str, message: str) -> BadRequest:
    return BadRequest("invalid_query_parameter", message, param=param)


def _one(query: Query, name: str, usual: str) -> str:
    values = query.get(name) or [usual]
    return values[-1]


def _flag(query: Query, name: str) -> bool:
    return _one(query, name, "false").lower() in {"true", "1"}


def _number(query: Query, name: str, usual: int) -> int:
    try:
        return int(_one(query, name, str(usual)))
    except ValueError as error:
        raise _wrong(name, f"{name} is a whole number.") from error


def _language(name: str) -> str:
    try:
        return language_code(name)
    except ValueError as error:
        raise _wrong("language", str(error)) from error


def _endpointing(value: str) -> tuple[int | None, bool]:
    if value.lower() == "false":
        return None, False
    if value.lower() == "true":
        return None, True
    try:
        wanted_ms = int(value)
    except ValueError as error:
        raise _wrong("endpointing", "endpointing is true, false or milliseconds.") from error
    return min(max(wanted_ms, SHORTEST_ENDPOINTING_MS), LONGEST_ENDPOINTING_MS), True


def _utterance_end_ms(query: Query) -> int | None:
    if "utterance_end_ms" not in query:
        return None
    wanted_ms = _number(query, "utterance_end_ms", 0)
    if wanted_ms < SHORTEST_UTTERANCE_END_MS:
        raise _wrong("utterance_end_ms", f"utterance_end_ms is at least {SHORTEST_UTTERANCE_END_MS}.")
    return wanted_ms


def _keyterms(query: Query) -> tuple[str, ...]:
    """`keywords` are the older form, with a weight behind a colon."""
    older = [word.rsplit(":", 1)[0] for word in query.get("keywords", ())]
    terms = tuple(term for term in [*query.get("keyterm", ()), *older] if term)
    require_short(terms, param="keyterm")
    return terms
