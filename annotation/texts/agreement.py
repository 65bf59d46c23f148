"""How far two texts of one utterance lie apart: characters of Chinese, words of English, both of a mixture.

PURE. Scored on `speech.text`, like every rate. Two empty texts agree; an empty one beside a text differs in
all of it.
"""

import re
from dataclasses import dataclass

from speech.metrics import ErrorCount, cer, mer, wer
from speech.text import HANZI

_HANZI = re.compile(f"[{HANZI}]")
_LATIN = re.compile(r"[A-Za-z]")
_COUNT = {"cer": cer, "wer": wer, "mer": mer}


@dataclass(frozen=True, slots=True)
class Agreement:
    """`errors` of `length` units differ; `unit` is cer, wer or mer."""

    unit: str
    errors: int
    length: int

    @property
    def rate(self) -> float:
        return self.errors / max(1, self.length)


def unit_of(*texts: str) -> str:
    """By the script of all of them together; digits alone count as characters."""
    together = "".join(texts)
    if not _LATIN.search(together):
        return "cer"
    return "mer" if _HANZI.search(together) else "wer"


def between(first: str, second: str) -> Agreement:
    """Of two readers, neither of whom is the truth: over the longer text, so the same both ways."""
    unit = unit_of(first, second)
    forth, back = _COUNT[unit](first, second), _COUNT[unit](second, first)
    return Agreement(unit, forth.errors, max(forth.reference_length, back.reference_length))


def against(truth: str, text: str) -> Agreement:
    """Of a text that is measured against a known one: over the known one, as an error rate is."""
    unit = unit_of(truth, text)
    count: ErrorCount = _COUNT[unit](truth, text)
    return Agreement(unit, count.errors, count.reference_length)
