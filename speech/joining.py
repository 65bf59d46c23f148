"""Texts of utterances in a row as one text: a space between words, none beside hanzi."""

import re

from speech.text import HANZI

# Hanzi and the punctuation that is written with them take no space on either side.
_NO_SPACE_BESIDE = re.compile(rf"[{HANZI}\u3000-\u303f\uff00-\uff65\s]")


def separator(before: str, after: str) -> str:
    """What stands between two texts; nothing where one of them is empty."""
    if not before or not after:
        return ""
    beside = _NO_SPACE_BESIDE.match(before[-1]) or _NO_SPACE_BESIDE.match(after[0])
    return "" if beside else " "


def joined(texts: list[str]) -> str:
    whole = ""
    for text in texts:
        whole += separator(whole, text) + text
    return whole
