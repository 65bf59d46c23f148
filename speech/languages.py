"""What clients call a language -> the code that recognisers take. The codes are Whisper's; a recogniser that
lacks one of them says so itself."""

import re

from speech.recognizer import AUTO_LANGUAGE

DEFAULT_LANGUAGE = "zh"
_CODES = """
af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu
hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt
ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
"""
CODES = frozenset(_CODES.split())
_NAMES = {
    "": DEFAULT_LANGUAGE,
    "chinese": "zh",
    "mandarin": "zh",
    "cmn": "zh",
    "cn": "zh",
    "tw": "zh",
    "jp": "ja",
    "english": "en",
    "multi": AUTO_LANGUAGE,
    "detect": AUTO_LANGUAGE,
}
_SPOKEN_NAMES = {"zh": "chinese", "en": "english"}


def language_code(name: str) -> str:
    """zh-TW, zh_Hant, Chinese, cmn -> zh; en-US -> en; multi -> auto. Raises ValueError."""
    plain = re.split("[-_]", name.strip().lower())[0]
    code = _NAMES.get(plain, plain)
    if code not in CODES and code != AUTO_LANGUAGE:
        raise ValueError(f"“{name}” is no language; send a code such as zh, en or auto.")
    return code


def language_name(code: str) -> str:
    """As OpenAI's verbose answers spell it."""
    return _SPOKEN_NAMES.get(code, code)
