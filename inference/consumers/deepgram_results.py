"""Notices of a dictation as messages of Deepgram's /v1/listen. Sans-I/O.

Confidences are the recogniser's own. An interim result has one, and no words yet: none are made up for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import fmean
from typing import Any

from inference.api.answers import seconds
from inference.consumers.deepgram_config import ListenConfig
from inference.consumers.in_order import InOrder
from inference.consumers.live_run import EndedByClient, Saved
from inference.consumers.notices import FinalText, Notice
from inference.streaming.events import Partial, SpeechEnded, SpeechStarted, Untranscribed
from speech.types import Word

Result = dict[str, Any]
CHANNELS = [0, 1]  # the first of one


@dataclass(slots=True)
class _Ended:
    """An utterance whose text is on its way."""

    is_cut: bool  # the voice went on: it was too long
    from_finalize: bool = False


class ListenResults:
    """`metadata` is what every result carries of the stream and its model."""

    def __init__(self, config: ListenConfig, metadata: Result) -> None:
        self._config = config
        self.metadata = metadata
        self._in_order = InOrder()
        self._waiting: dict[int, _Ended] = {}
        self._spoken: set[int] = set()  # running
        self._saved_ms = 0
        self._last_word_end_ms: int | None = None  # until its UtteranceEnd was sent

    def messages(self, notice: Notice) -> list[Result]:
        return [message for ready in self._in_order.push(notice) for message in self._messages(ready)]

    def _messages(self, notice: Notice) -> list[Result]:
        match notice:
            case SpeechStarted(utterance, at_ms):
                self._spoken.add(utterance)
                started = {"type": "SpeechStarted", "channel": CHANNELS, "timestamp": seconds(at_ms)}
                return [started] if self._config.vad_events else []
            case Partial() if self._config.interim_results:
                return [self._interim(notice)]
            case SpeechEnded(utterance=utterance):
                self._spoken.discard(utterance)
                # Silence at the end belongs to an utterance that ended by it; a cut has none.
                self._waiting[utterance] = _Ended(is_cut=notice.speech_end_ms >= notice.end_ms)
            case EndedByClient():
                return self._finalize()
            case FinalText(utterance=utterance):
                result = self._final(notice, self._waiting.pop(utterance, _Ended(False)))
                return [result, *self._utterance_end()]
            case Untranscribed():
                return self._without_text(notice)
            case Saved(saved_ms=saved_ms):
                self._saved_ms = saved_ms
                return self._utterance_end()
        return []

    def _finalize(self) -> list[Result]:
        """The last utterance on its way carries the mark; when there is none, an empty result does."""
        if self._waiting:
            self._waiting[max(self._waiting)].from_finalize = True
            return []
        return [self._result(self._saved_ms, self._saved_ms, "", 0.0, (), from_finalize=True)]

    def _interim(self, partial: Partial) -> Result:
        end_ms = max(self._saved_ms, partial.start_ms)
        confidence = confidence_of(partial.text, (), partial.avg_logprob)
        return self._result(
            partial.start_ms, end_ms, partial.text, confidence, (), is_final=False, speech_final=False
        )

    def _final(self, final: FinalText, ended: _Ended) -> Result:
        if final.words:
            self._last_word_end_ms = final.words[-1].end_ms
        elif final.text:
            self._last_word_end_ms = final.end_ms
        return self._result(
            final.start_ms,
            final.end_ms,
            final.text,
            confidence_of(final.text, final.words, final.avg_logprob),
            final.words,
            speech_final=self._config.endpointing and not ended.is_cut,
            from_finalize=ended.from_finalize,
        )

    def _without_text(self, lost: Untranscribed) -> list[Result]:
        ended = self._waiting.pop(lost.utterance, _Ended(False))
        return [self._result(lost.start_ms, lost.end_ms, "", 0.0, (), from_finalize=ended.from_finalize)]

    def _utterance_end(self) -> list[Result]:
        wanted_ms, last_ms = self._config.utterance_end_ms, self._last_word_end_ms
        if wanted_ms is None or last_ms is None or self._spoken or self._waiting:
            return []
        if self._saved_ms - last_ms < wanted_ms:
            return []
        self._last_word_end_ms = None
        return [{"type": "UtteranceEnd", "channel": CHANNELS, "last_word_end": seconds(last_ms)}]

    def _result(
        self,
        start_ms: int,
        end_ms: int,
        text: str,
        confidence: float,
        words: tuple[Word, ...],
        *,
        is_final: bool = True,
        speech_final: bool = True,
        from_finalize: bool = False,
    ) -> Result:
        alternative = {
            "transcript": text,
            "confidence": round(confidence, 4),
            "words": [word_shape(word) for word in words],
        }
        return {
            "type": "Results",
            "channel_index": CHANNELS,
            "start": seconds(start_ms),
            "duration": seconds(end_ms - start_ms),
            "is_final": is_final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [alternative]},
            "metadata": self.metadata,
        }


def confidence_of(text: str, words: Sequence[Word], avg_logprob: float | None) -> float:
    """The mean over words; of a text without word probabilities, its tokens' geometric mean; else 0."""
    known = [word.probability for word in words if word.probability is not None]
    if known:
        return fmean(known)
    return exp(avg_logprob) if text and avg_logprob is not None else 0.0


def word_shape(word: Word) -> Result:
    return {
        "word": word.text,
        "start": seconds(word.start_ms),
        "end": seconds(word.end_ms),
        "confidence": round(word.probability or 0.0, 4),
        "punctuated_word": word.text,
    }
