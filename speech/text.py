"""The one text normaliser: what counts as the same text when it is scored, ranked or compared.

Versioned: every stored figure names NORMALISER_VERSION, and any change here must change it. Made for
clinical text, so it never merges two different numbers (3.5 mg and 35 mg, -0.5 and 0.5, 120/80 and
12080, 10² and 102); the usual normalisers do. Spoken numerals stay as they are, units are not folded,
bracketed text stays. Knows nothing of audio or models.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from opencc import OpenCC

NORMALISER_VERSION = "auscult-text-1"

HANZI = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f\u3040-\u30ff\u3105-\u312f"
# Written alike or used for one another, and left alone by OpenCC's t2s.
VARIANTS = str.maketrans("著裏妳痺皰黏佔喫臺衞痲姪硏畧", "着里你痹疱粘占吃台卫麻侄研略")
SYMBOLS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63", "-"),
        **dict.fromkeys("\u2018\u2019\u02bc`\u00b4", "'"),
        **dict.fromkeys("～〜∼", "~"),
        **dict.fromkeys("×✕", "x"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("≧⩾", "≥"),
        **dict.fromkeys("≦⩽", "≤"),
        "µ": "μ",
    }
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")

# (pattern, replacement), in this order, on lower-case NFKC text. A symbol that means something in
# medicine is kept where it means it; at the end everything that was not kept becomes a space.
_RULES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])"), lambda m: m[1].replace(",", "")),  # 1,000
    (re.compile(r"(?<![\w.])\.(?=\d)", re.ASCII), "0."),  # .5 mg
    (re.compile(r"(?<=\d)\s*~\s*(?=\d)"), "-"),  # 3~5 is 3-5
    (re.compile(r"(?<=\d)\s*\*\s*(?=\d)"), "x"),
    (re.compile(r"(?<=\d)\s*/\s*(?=\d)"), "/"),
    (re.compile(r"(?<=\d)\s+(?=[%‰])"), ""),
    (re.compile(r"(?<=[<>=≤≥±])\s+(?=[-+]?\d)"), ""),
    (re.compile(r"(?<=[a-z])'(?=[a-z])"), ""),  # parkinson's
    (re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])"), " "),  # x-ray
    (re.compile(r"°(?=[cf]\b)"), " "),
]
_KEPT_SYMBOL = re.compile(
    r"(?<=\d)[.:](?=\d)"  # 3.5, 10:30
    r"|(?<=[a-z])\.(?=\d)"  # no.5
    r"|(?<=[\da-z])/(?=\w)|(?<=\w)/(?=[\da-z])"  # 120/80, mg/kg, mg/天
    r"|(?<=\d)[%‰]"
    r"|[-±](?=\d)"  # -0.5, 3-5, covid-19
    r"|(?<=\d)-(?=[a-z])"  # 5-fu
    r"|\^(?=-?\d)|(?<=\^)-(?=\d)"  # 10^9
    r"|(?<=[\da-z+])\+|\+(?=[\da-z+])"  # na+, 3+, ++
    r"|[<>=≤≥]+(?=[-+]?\d)"
    r"|\((?=[-+]\))|(?<=\()[-+](?=\))|(?<=\([-+])\)"  # (+) and (-)
)
_NUMBER_THEN_UNIT = re.compile(r"(?<![a-z\d.^])(\d(?:[\d.,:/^x+-]*\d)?)(?=[a-wyzμ]|x(?!\d))")
_TOKEN = re.compile(rf"[{HANZI}]|[^\s{HANZI}]+")
# Between these a space parts two numbers, so it is a character like any other.
_JOINABLE_SPACE = re.compile(r"(?<!\d) | (?![\d.+\-<>=≤≥±^/:])")


def normalise(text: str, fold_script: bool = True) -> str:
    """Text for comparison: lower case, one script, no punctuation that does not matter, single spaces.

    Idempotent. `fold_script` False keeps Traditional and Simplified apart.
    """
    text = _compose(text).lower()
    if fold_script:
        text = _to_simplified().convert(text).translate(VARIANTS)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _drop_punctuation(text)
    text = _NUMBER_THEN_UNIT.sub(r"\1 ", text)  # 3.5mg is 3.5 mg; q8h and b12 stay
    return " ".join(text.split())


def tokens(text: str) -> list[str]:
    """Mixed tokens: every hanzi by itself, Latin words and numbers whole (the unit of MER)."""
    return _TOKEN.findall(normalise(text))


def characters(text: str) -> str:
    """The characters of CER: normalised without spaces, except those that part two numbers."""
    return _JOINABLE_SPACE.sub("", normalise(text))


def prepare_label(text: str) -> str:
    """A training target: NFKC and tidy spaces; case, script and punctuation stay as the person wrote them."""
    text = " ".join(_compose(text).split())
    return re.sub(rf"(?<=[{HANZI}]) (?=[{HANZI}])", "", text)


def _compose(text: str) -> str:
    """NFKC, but so that no digit that it produces grows onto its neighbour (2½, 10², 3①)."""
    if text.isascii():
        return text.translate(SYMBOLS)
    composed, previous_kind = "", "plain"
    for character in text:
        kind, replacement = _composed(character)
        if kind == "plain" != previous_kind and replacement[:1].isdigit():
            composed += " "  # kg/m²25
        elif kind == "raised" and replacement != "+" and _ends_in_number(composed):
            replacement = f"^{replacement}"
        elif kind == "number" and not ("\u2080" <= character <= "\u2089" and composed[-1:].isalpha()):
            replacement = f" {replacement} "  # a lowered digit after a letter is part of the name: SpO₂
        composed += replacement
        previous_kind = kind
    return unicodedata.normalize("NFKC", composed).translate(SYMBOLS)


def _ends_in_number(text: str) -> bool:
    """True where an exponent would start; false inside one (10⁻³), which goes on as it is."""
    return bool(re.search(r"\d$", text)) and not re.search(r"\^-?\d*$", text)


@lru_cache(maxsize=20_000)
def _composed(character: str) -> tuple[str, str]:
    """("raised" | "number" | "plain", NFKC of one character); a number is what turns into digits but is no
    digit of any script. What is not seen becomes nothing."""
    if unicodedata.category(character) == "Cf":
        return "plain", ""
    raised = character.translate(SUPERSCRIPTS)
    if raised != character:
        return "raised", raised
    composed = unicodedata.normalize("NFKC", character)
    makes_digits = not character.isdecimal() and any(c.isdigit() for c in composed)
    return ("number" if makes_digits else "plain"), composed


def _drop_punctuation(text: str) -> str:
    kept = {i for match in _KEPT_SYMBOL.finditer(text) for i in range(*match.span())}
    return "".join(c if i in kept or _is_word_character(c) else " " for i, c in enumerate(text))


@lru_cache(maxsize=20_000)
def _is_word_character(character: str) -> bool:
    """Letters, numbers, marks; hanzi are letters."""
    return unicodedata.category(character)[0] in "LNM"


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")
