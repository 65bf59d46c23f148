"""How much of a text that may still change is believed: what two hypotheses in a row agree on.

Character by character in Chinese, which has no spaces; Latin words, numbers and numbers with their units
are believed as wholes; the newest word is held back, and so is a character whose bytes are not complete.
Idea: whisper_streaming's local agreement (HypothesisBuffer).
"""

import re
from difflib import SequenceMatcher

INCOMPLETE = "\ufffd"
_NUMBER = r"(?:\d[\d.,:/]*|[零〇一二兩三四五六七八九十百千萬點]+)"
_UNIT = (
    r"(?:毫克|微克|公克|公斤|毫升|公撮|西西|公分|公釐|毫米|單位|小時|分鐘|公升|[A-Za-zµμ%‰℃°][A-Za-zµμ%/²]*|"
    r"[顆支包滴次天度下床分片瓶號月年日個])"
)
# What is believed as a whole. Anything else is so by the character.
_ATOM = re.compile(rf"{_NUMBER}\s?{_UNIT}?|[A-Za-zÀ-ÿ]+(?:['’.-]?[A-Za-zÀ-ÿ\d]+)*|.", re.DOTALL)
_MIN_OVERLAP = 3


def agreement(older: str, newer: str) -> int:
    """How many characters of `newer` both begin with: whole atoms, without the newest and what is broken."""
    common = 0
    for left, right in zip(older, newer, strict=False):
        if left != right or left == INCOMPLETE:
            break
        common += 1
    agreed = 0
    for atom in _ATOM.finditer(newer.rstrip()):
        if atom.end() > common or atom.end() == len(newer.rstrip()):
            break
        agreed = atom.end()
    return agreed


def continues(committed: str, text: str) -> str:
    """`text` with its beginning put right to what was committed: it is not taken back, only gone on from."""
    if text.startswith(committed):
        return text
    return committed + text[_reach(committed, text) :]


def joined(earlier: str, later: str) -> str | None:
    """A text and one of the last part of the same speech -> the whole. None: they have nothing in common."""
    match = SequenceMatcher(None, earlier, later, autojunk=False).find_longest_match()
    if match.size < _MIN_OVERLAP:
        return None
    return earlier[: match.a] + later[match.b :]


def _reach(committed: str, text: str) -> int:
    """How many characters of `text` say the same as `committed`: fewest edits, then nearest in length."""
    row = list(range(len(text) + 1))
    for i, wanted in enumerate(committed, start=1):
        above, row[0] = row[0], i
        for j, found in enumerate(text, start=1):
            above, row[j] = row[j], min(above + (wanted != found), row[j] + 1, row[j - 1] + 1)
    return min(range(len(row)), key=lambda j: (row[j], abs(j - len(committed))))
