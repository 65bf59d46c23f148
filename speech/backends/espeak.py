"""espeak-ng 1.52 through the PyPI wheel `espeakng-loader`, behind the Synthesizer protocol.

The only module that touches the library (GPL-3). The library keeps its state in globals: one engine
a process, so every call holds a lock; worker processes each load their own. Text must be in spoken
form: espeak would read "140/90" its own way.

The flutter of a voice goes on from utterance to utterance and no call resets it: only a freshly loaded
library gives the same samples for the same text (4 ms and about 0.2 MB, which it does not give back).
"""

import _ctypes
import ctypes
import re
import threading
from dataclasses import dataclass

import espeakng_loader
import numpy as np
import soxr

from speech.synthesizer import Speech, Voice
from speech.types import Word

SAMPLE_RATE_HZ = 16_000

# One hanzi, or one run of Latin letters and digits ("CRP", "Metformin", "don't").
_UNITS = re.compile(r"[一-鿿㐀-䶿]|[A-Za-z0-9]+(?:['’-][A-Za-z0-9]+)*")
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8 = 2, 1, 1
_RATE, _PITCH = 1, 3
_END_OF_LIST, _WORD, _PHONEME = 0, 1, 7
_PAUSES = ("_:", "_")


class EspeakError(RuntimeError):
    """The engine refused: unknown voice, or it gave no sound."""


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; `audio_position` is ms, `text_position` counts characters from 1."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class _Utterance:
    """int16 samples at the native rate; (character index, start ms) of words; pauses; (name, start ms)."""

    samples: np.ndarray
    word_starts: list[tuple[int, int]]
    pauses_ms: list[int]
    phonemes: list[tuple[str, int]]


class _Engine:
    """The loaded library, with what the last utterance produced."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.native_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS)
        if self.native_hz <= 0:
            raise EspeakError("espeak-ng did not start")
        # Kept on self: ctypes does not hold the callback alive.
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._chunks: list[np.ndarray] = []
        self._word_starts: list[tuple[int, int]] = []
        self._pauses_ms: list[int] = []
        self._phonemes: list[tuple[str, int]] = []

    def _receive(self, samples, count: int, events) -> int:  # type: ignore[no-untyped-def]
        index = 0
        while events[index].type != _END_OF_LIST:
            event = events[index]
            if event.type == _WORD:
                self._word_starts.append((event.text_position - 1, event.audio_position))
            elif event.type == _PHONEME:
                name = event.id.string.decode(errors="replace")
                if name in _PAUSES:
                    self._pauses_ms.append(event.audio_position)
                if not name.startswith("("):  # "(en)" only tells that the language changes
                    self._phonemes.append((name.lstrip("',"), event.audio_position))
            index += 1
        if samples and count:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def speak(self, text: str, voice: Voice) -> "_Utterance":
        """Raises EspeakError for an unknown voice or a text without anything to say."""
        self._chunks, self._word_starts, self._pauses_ms, self._phonemes = [], [], [], []
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise EspeakError(f"no such voice: {voice.name}")
        self._library.espeak_SetParameter(_RATE, voice.rate_wpm, 0)
        self._library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._chunks or not self._word_starts:
            raise EspeakError(f"no sound for: {text!r}")
        samples = np.concatenate(self._chunks)
        return _Utterance(samples, self._word_starts, self._pauses_ms, self._phonemes)

    def close(self) -> None:
        """Unload the library, and with it all its state."""
        self._library.espeak_Terminate()
        _ctypes.dlclose(self._library._handle)


_lock = threading.Lock()
_loaded: list[_Engine] = []


def _engine(fresh: bool) -> _Engine:
    """The engine of this process; call with the lock held."""
    if fresh and _loaded:
        _loaded.pop().close()
    if not _loaded:
        _loaded.append(_Engine())
    return _loaded[0]


class EspeakSynthesizer:
    """Speech with exact word times. Cheap to make; all instances of a process share one engine.

    `repeatable` False skips the reload for each utterance: for bulk training data, where the voice may
    flutter differently each time and memory must not grow.
    """

    def __init__(self, repeatable: bool = True) -> None:
        self._repeatable = repeatable

    def synthesize(self, text: str, voice: Voice) -> Speech:
        """Spoken-form text -> 16 kHz speech with a Word for every hanzi and every Latin word.

        Raises EspeakError for an unknown voice or a text without anything to say.
        """
        return self.synthesize_with_phonemes(text, voice)[0]

    def synthesize_with_phonemes(self, text: str, voice: Voice) -> tuple[Speech, tuple[Word, ...]]:
        """The speech and, beside it, espeak's phonemes ("ts.h", "ai", "_:" a pause) with their times."""
        with _lock:
            engine = _engine(fresh=self._repeatable)
            spoken = engine.speak(text, voice)
            native_hz = engine.native_hz
        samples = soxr.resample(spoken.samples.astype(np.float32) / 32768.0, native_hz, SAMPLE_RATE_HZ)
        samples = np.clip(samples, -1.0, 1.0).astype(np.float32)
        end_ms = len(samples) * 1000 // SAMPLE_RATE_HZ
        words = _words(text, spoken.word_starts, spoken.pauses_ms, end_ms)
        ends_ms = [*(start_ms for _, start_ms in spoken.phonemes[1:]), end_ms]
        phonemes = tuple(
            Word(name, start_ms, next_ms)
            for (name, start_ms), next_ms in zip(spoken.phonemes, ends_ms, strict=True)
        )
        return Speech(samples, words), phonemes


def _words(text: str, starts: list[tuple[int, int]], pauses_ms: list[int], end_ms: int) -> tuple[Word, ...]:
    """Times for every unit of the text, from the word events that espeak gave.

    espeak gives one event for a word of its dictionary (抽血) and several for a spelled abbreviation.
    Units between two events share the time evenly; events inside a unit are its own.
    """
    units = [(m.start(), m.end(), m.group()) for m in _UNITS.finditer(text)]
    anchors: list[tuple[int, int]] = []
    for index, (begin, end, _) in enumerate(units):
        inside = [ms for position, ms in starts if begin <= position < end]
        if inside:
            anchors.append((index, min(inside)))
    words: list[Word] = []
    for number, (index, start_ms) in enumerate(anchors):
        last = number + 1 == len(anchors)
        next_index, next_ms = (len(units), end_ms) if last else anchors[number + 1]
        # A pause belongs to no word.
        next_ms = min([next_ms, *(ms for ms in pauses_ms if start_ms < ms < next_ms)])
        share = (next_ms - start_ms) / (next_index - index)
        for offset, (_, _, unit) in enumerate(units[index:next_index]):
            words.append(Word(unit, round(start_ms + offset * share), round(start_ms + (offset + 1) * share)))
    return tuple(words)
