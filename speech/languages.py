"""What clients call a language -> the code that recognisers take. Knows no recogniser's list: one that has
no such language says so itself."""

import re

from speech.recognizer import AUTO_LANGUAGE

DEFAULT_LANGUAGE = "zh"
_NAMES = {
    "": DEFAULT_LANGUAGE,
    "chinese": "zh",
    "mandarin": "zh",
    "cmn": "zh",
    "english": "en",
    "multi": AUTO_LANGUAGE,
    "detect": AUTO_LANGUAGE,
}
_CODE = re.compile(r"[a-z]{2,4}")
_SPOKEN_NAMES = {"zh": "chinese", "en": "english"}


def language_code(name: str) -> str:
    """zh-TW, zh_Hant, Chinese, cmn -> zh; en-US -> en; multi -> auto. Raises ValueError."""
    plain = re.split("[-_]", name.strip().lower())[0]
    code = _NAMES.get(plain, plain)
    if not _CODE.fullmatch(code):
        raise ValueError(f"“{name}” is no language; send a code such as zh, en or auto.")
    return code


def language_name(code: str) -> str:
    """As OpenAI's verbose answers spell it."""
    return _SPOKEN_NAMES.get(code, code)
