"""From what stood on the screens to the figures of one load. Pure.

Every latency is the dictation's clock when something stood on the screen less the gold moment at which it had
been said, so capture, network, waiting and decoding are all in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.live.alignment import AlignedCharacter, aligned, heard_characters, removed_characters
from benchmarks.live.gold import GoldUtterance
from benchmarks.live.harness import Take
from benchmarks.live.screen import Screen
from speech.metrics import ErrorCount, cer, total

LAG_STEP_MS = 100


@dataclass(slots=True)
class Measured:
    """Of all people of one load; lists hold one value per utterance (first, final), character, or moment."""

    first_partial_ms: list[float] = field(default_factory=list)
    character_ms: list[float] = field(default_factory=list)
    final_ms: list[float] = field(default_factory=list)
    lag_ms: list[float] = field(default_factory=list)
    removed: int = 0
    characters: int = 0
    errors: list[ErrorCount] = field(default_factory=list)
    lost_audio_ms: int = 0
    audio_ms: int = 0
    declined: int = 0  # utterances that the server took for no speech
    unfinished: int = 0  # utterances with text, but never a final one
    problems: list[str] = field(default_factory=list)

    @property
    def cer(self) -> float:
        return total(self.errors).rate

    @property
    def revisions_per_character(self) -> float:
        return self.removed / max(1, self.characters)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """None of an empty list: not measured is not zero."""
    return float(np.percentile(values, percent)) if len(values) else None


def mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def measure(takes: Iterable[Take], kept_is_final: bool = False) -> Measured:
    """`kept_is_final`: a text that nobody changed any more counts as final from then on, for servers that
    rarely call anything final. It needs hindsight that no user has."""
    result = Measured()
    for take in takes:
        _add(result, take, kept_is_final)
    return result


def _add(result: Measured, take: Take, kept_is_final: bool) -> None:
    dictation, screen = take.dictation, take.screen
    heard = heard_characters(screen)
    pairs = aligned(dictation.characters, heard)
    result.character_ms += [pair.heard.kept_ms - pair.gold.end_ms for pair in pairs]
    result.removed += removed_characters(screen)
    result.characters += len(heard)
    result.errors.append(cer(dictation.said, screen.text))
    result.audio_ms += dictation.duration_ms
    result.lag_ms += lags_ms(pairs, dictation.duration_ms)
    unheard_ms = 0
    by_utterance: dict[int, list[AlignedCharacter]] = {}
    for pair in pairs:
        by_utterance.setdefault(pair.gold.utterance, []).append(pair)
    for index, utterance in enumerate(dictation.utterances):
        own = by_utterance.get(index, [])
        if not own and _is_declined(utterance, screen):
            result.declined += 1
            continue
        if not own:
            unheard_ms += utterance.end_ms - utterance.start_ms
            continue
        result.first_partial_ms.append(min(pair.heard.first_ms for pair in own) - utterance.start_ms)
        final_ms = _final_ms(own, kept_is_final)
        if final_ms is None:
            result.unfinished += 1
        else:
            result.final_ms.append(final_ms - utterance.end_ms)
    result.lost_audio_ms += max(unheard_ms, unsaved_ms(take))
    if screen.problem:
        result.problems.append(screen.problem)


def _final_ms(own: Sequence[AlignedCharacter], kept_is_final: bool) -> float | None:
    """When the last of an utterance's characters was final."""
    moments = []
    for pair in own:
        known = [pair.heard.final_ms] if pair.heard.final_ms is not None else []
        if kept_is_final:
            known.append(pair.heard.kept_ms)
        if not known:
            return None
        moments.append(min(known))
    return max(moments)


def _is_declined(utterance: GoldUtterance, screen: Screen) -> bool:
    return any(start < utterance.end_ms and end > utterance.start_ms for start, end in screen.declined)


def unsaved_ms(take: Take) -> int:
    """Sound that the server does not say it keeps; where it says nothing of the kind, what never left."""
    said_ms = take.dictation.duration_ms
    kept_ms = take.screen.sent_ms if take.screen.saved_ms is None else take.screen.saved_ms
    return max(0, said_ms - kept_ms)


def lags_ms(pairs: Sequence[AlignedCharacter], until_ms: int) -> list[float]:
    """Every 100 ms of sound: how old the oldest said character is that does not stand there yet; else 0.

    The audio cursor less the transcript cursor, as Deepgram measures it, but also between two messages.
    """
    waiting = sorted((pair.gold.end_ms, pair.heard.kept_ms) for pair in pairs)
    lags, oldest = [], 0
    for now_ms in range(LAG_STEP_MS, until_ms + 1, LAG_STEP_MS):
        while oldest < len(waiting) and waiting[oldest][1] <= now_ms:
            oldest += 1
        said_ms = waiting[oldest][0] if oldest < len(waiting) else now_ms
        lags.append(float(max(0, now_ms - said_ms)))
    return lags
