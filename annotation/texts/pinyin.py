"""How a term sounds: pinyin with tone marks for people, plain letters for what they type.

A character with several readings is read as in the longest word that the dictionary knows; whoever types
may mean any of them. People correct what is shown, and what they wrote is kept.
"""

import re
import unicodedata
from functools import lru_cache, partial
from itertools import islice, product

from opencc import OpenCC

from speech.text import HANZI, characters

READINGS = 8  # ways to type one form; beyond it a sentence would have hundreds
_HANZI = re.compile(f"[{HANZI}]")
_LETTERS = re.compile(r"[a-z]+")


def has_hanzi(text: str) -> bool:
    return bool(_HANZI.search(text))


def pinyin_of(text: str) -> str:
    """ "二甲雙胍" -> "èr jiǎ shuāng guā"; Latin words stay; "" for a text without hanzi."""
    if not has_hanzi(text):
        return ""
    return " ".join(" ".join(choice[0] for choice in _dictionary().read(text)).split())


def plain(sounds: str) -> list[str]:
    """Syllables as they are typed: no tones, v for ü. Understands marks and figures (er4)."""
    letters = unicodedata.normalize("NFD", sounds.lower()).replace("u\u0308", "v")
    return _LETTERS.findall("".join(c for c in letters if not unicodedata.combining(c)))


def typed_as(text: str, sounds: str = "") -> tuple[str, ...]:
    """What somebody may type to mean this form: the text itself; for hanzi the pinyin and its initials."""
    typed = [characters(text)]
    if has_hanzi(text):
        readings = _readings(text)
        if sounds:
            readings = [plain(sounds), *readings]
        typed += ["".join(one) for one in readings]
        typed += ["".join(syllable[0] for syllable in one) for one in readings]
    return tuple(dict.fromkeys(filter(None, typed)))


def _readings(text: str) -> list[list[str]]:
    choices = _dictionary().read(text, every=True)
    return [[s for part in chosen for s in plain(part)] for chosen in islice(product(*choices), READINGS)]


class _Dictionary:
    """pypinyin, loaded when the first term is read: 0.4 s and 55 MB that most processes never need.

    Its words are in simplified characters; 銀行 as it stands would be read yín xíng. Where it gives the
    rarer reading of a character first, or does not know the ward's word, it is told.
    """

    def __init__(self) -> None:
        import pypinyin

        pypinyin.load_single_dict({ord("椎"): "zhuī,chuí", ord("肋"): "lèi,lè"})
        pypinyin.load_phrases_dict({"著床": [["zhuó"], ["chuáng"]], "沾黏": [["zhān"], ["nián"]]})
        self._read = partial(pypinyin.pinyin, style=pypinyin.Style.TONE)
        self._simplified = OpenCC("t2s").convert

    def read(self, text: str, every: bool = False) -> list[list[str]]:
        """For each hanzi its reading here, or `every` reading of it; Latin words as they are."""
        return self._read(self._simplified(text), heteronym=every)


@lru_cache(maxsize=1)
def _dictionary() -> _Dictionary:
    return _Dictionary()
