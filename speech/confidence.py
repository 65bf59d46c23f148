"""How far to trust a hypothesis: word probabilities, expected errors, and the signs of invented text.

Flags never delete anything: a flagged draft goes to a person. Knows nothing of models or databases.
"""

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from math import exp

from speech.phrases import COURTESIES, CREDITS
from speech.text import HANZI, characters, tokens
from speech.types import Hypothesis, Token, Word

MIN_SPEECH_MS = 200  # less is a click, not a word
SILENT_TEXT_MS = 800  # so much speech must give some text
SLOWEST_CHARACTERS_PER_S = 0.5
SLOW_FROM_MS = 4_000
FASTEST_PER_S = {"zh": 12.0, "en": 30.0}  # twice what hurried people reach: 6 to 7 hanzi, 15 letters
MAX_COMPRESSION_RATIO = 2.4  # of the text, as in openai/whisper; weak on short Chinese, so not alone
DOUBTFUL_LOGPROB = -0.5
DOUBTFUL_NO_SPEECH = 0.3
LEAKED_TERMS = 3
LEAKED_CHARACTERS = 12

_LOOP = re.compile(r"(.{1,30}?)\1{2,}")
_HANZI = re.compile(f"[{HANZI}]")
_LATIN = re.compile(r"[a-zà-ÿα-ω]")
_DIGIT = re.compile(r"\d")
_NUMERALS = frozenset("0123456789零〇一二三四五六七八九十百千万洞么")
_WORD = re.compile(rf"[{HANZI}]|[^\s{HANZI}]+")
_EDGE_PUNCTUATION = " \t\r\n,.!?;:'\"()[]{}<>«»“”‘’…、。，！？；：「」『』（）《》〈〉—–~～·"


def words_from_tokens(
    parts: Sequence[Token], times_ms: Sequence[tuple[int, int]] | None = None
) -> tuple[Word, ...]:
    """Tokens (whole characters each) with their (start, end) -> words: a hanzi or a Latin word each.

    The probability of a word is the product over its tokens: all of them must be right. A token of several
    words shares its time evenly by characters. Words that are only punctuation are left out.
    """
    spans = [(0, 0)] * len(parts) if times_ms is None else times_ms
    owners: list[int] = []
    for index, part in enumerate(parts):
        owners += [index] * len(part.text)
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part.text))

    def time_at(position: int, owner: int) -> int:
        start_ms, end_ms = spans[owner]
        share = (position - offsets[owner]) / max(1, len(parts[owner].text))
        return round(start_ms + share * (end_ms - start_ms))

    words = []
    for match in _WORD.finditer("".join(part.text for part in parts)):
        text = match[0].strip(_EDGE_PUNCTUATION)
        if not text:
            continue
        first = match.start() + match[0].index(text)
        last = first + len(text) - 1
        own = [parts[i] for i in range(owners[first], owners[last] + 1) if parts[i].text]
        start_ms, end_ms = time_at(first, owners[first]), time_at(last + 1, owners[last])
        words.append(
            Word(
                text,
                start_ms,
                max(start_ms, end_ms),
                probability=min(1.0, exp(sum(part.logprob for part in own))),
                entropy=max((part.entropy for part in own if part.entropy is not None), default=None),
                margin=min((part.margin for part in own if part.margin is not None), default=None),
                # Of a word of several tokens one token's rivals say nothing.
                alternatives=_bare(own[0].rivals, text) if len(own) == 1 else (),
            )
        )
    return tuple(words)


def _bare(rivals: Sequence[str], text: str) -> tuple[str, ...]:
    """Without punctuation, each once, not the word itself."""
    bare = (rival.strip(_EDGE_PUNCTUATION) for rival in rivals)
    return tuple(dict.fromkeys(rival for rival in bare if rival and rival != text))


def expected_errors(hypothesis: Hypothesis) -> float:
    """Character errors to expect: each word's characters times the probability that it is wrong.

    Blind to words that were left out; the flags look for those.
    """
    if hypothesis.words:
        return sum(
            (1 - word.probability) * max(1, len(characters(word.text)))
            for word in hypothesis.words
            if word.probability is not None
        )
    return sum((1 - exp(min(0.0, t.logprob))) * len(characters(t.text)) for t in hypothesis.tokens)


def compression_ratio(text: str) -> float:
    """Bytes of the text over bytes of it compressed: high when it goes in circles. Empty: 0."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def speech_rates(text: str, duration_ms: int) -> dict[str, float]:
    """Characters per second: "zh" hanzi, "en" Latin letters, "all" both and digits, without spaces."""
    counts = _character_counts(text)
    seconds = max(duration_ms, 1) / 1000
    rates = {"zh": counts["zh"], "en": counts["en"], "all": sum(counts.values())}
    return {language: count / seconds for language, count in rates.items()}


def hallucination_flags(hypothesis: Hypothesis, duration_ms: int, speech_ms: int) -> list[str]:
    """Codes of what is wrong with a hypothesis for an utterance of which `speech_ms` are speech (VAD).

    repetition, impossible_rate, known_phrase, words_without_speech, speech_without_words; in this order.
    """
    said = characters(hypothesis.text)
    checks = {
        "repetition": is_repetitive(hypothesis.text),
        "impossible_rate": _is_too_fast(hypothesis.text, speech_ms if speech_ms else duration_ms),
        "known_phrase": _is_known_phrase(said, hypothesis, speech_ms),
        "words_without_speech": bool(said) and speech_ms < MIN_SPEECH_MS,
        "speech_without_words": _is_too_little(said, speech_ms),
    }
    return [code for code, found in checks.items() if found]


def prompt_leaked(text: str, terms: Sequence[str] = (), before: str = "") -> bool:
    """Whether a text repeats what the model was told in place of what it heard: terms in the order of the
    list, or the text before. A single term, or two that meet, may well have been said."""
    said = characters(text)
    listed = [characters(term) for term in terms]
    runs = ("".join(listed[i : i + LEAKED_TERMS]) for i in range(len(listed) - LEAKED_TERMS + 1))
    if any(len(run) >= LEAKED_TERMS and run in said for run in runs):
        return True
    told = characters(before)
    if len(said) >= LEAKED_CHARACTERS and said in told:
        return True
    ends = range(LEAKED_CHARACTERS, min(len(told), len(said)) + 1)
    return any(said.startswith(told[-length:]) for length in ends)


def is_repetitive(text: str) -> bool:
    """A loop: the same characters four times on end, a longer phrase three times, or text of few n-grams."""
    said = characters(text)
    for match in _LOOP.finditer(said):
        unit, times = len(match[1]), len(match[0]) // len(match[1])
        if set(match[1]) <= _NUMERALS:
            continue  # 1000000 is a number, 零零零零 a part of one
        if len(match[0]) >= 8 and (times >= 4 or (unit >= 4 and times >= 3)):
            return True
    parts = tokens(text)
    grams = [tuple(parts[i : i + 4]) for i in range(len(parts) - 3)]
    few_grams = len(grams) >= 20 and len(set(grams)) < 0.5 * len(grams)
    return few_grams or compression_ratio(text) > MAX_COMPRESSION_RATIO


def _is_too_fast(text: str, speech_ms: int) -> bool:
    """Each language uses up its share of the time at its fastest rate; a digit takes as long as a hanzi."""
    counts = _character_counts(text)
    needed_s = (counts["zh"] + counts["digits"]) / FASTEST_PER_S["zh"] + counts["en"] / FASTEST_PER_S["en"]
    return needed_s * 1000 > speech_ms + MIN_SPEECH_MS


def _is_known_phrase(said: str, hypothesis: Hypothesis, speech_ms: int) -> bool:
    if any(phrase in said for phrase in _folded(CREDITS)):
        return True
    is_doubtful = (
        hypothesis.avg_logprob < DOUBTFUL_LOGPROB
        or hypothesis.no_speech_prob > DOUBTFUL_NO_SPEECH
        or speech_ms < MIN_SPEECH_MS
    )
    return is_doubtful and said in _folded(COURTESIES)


def _is_too_little(said: str, speech_ms: int) -> bool:
    if not said:
        return speech_ms >= SILENT_TEXT_MS
    return speech_ms >= SLOW_FROM_MS and len(said) * 1000 / speech_ms < SLOWEST_CHARACTERS_PER_S


def _character_counts(text: str) -> dict[str, int]:
    said = characters(text)
    patterns = {"zh": _HANZI, "en": _LATIN, "digits": _DIGIT}
    return {name: len(pattern.findall(said)) for name, pattern in patterns.items()}


@lru_cache(maxsize=4)
def _folded(phrases: tuple[str, ...]) -> frozenset[str]:
    return frozenset(characters(phrase) for phrase in phrases)
