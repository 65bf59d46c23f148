"""Does a text look as if its speaker were done? By its last words and how surely they were heard.

Made for clinical Chinese with English words in it, written or in spoken form. Only clear signs count: a
recogniser puts a full stop behind whatever it hears, so that one says nothing. Knows nothing of sound.
"""

import re
from enum import Enum

from inference.streaming.events import Heard

SURE = 0.5  # of the last word, where its probability is known


class Ending(Enum):
    COMPLETE = "complete"
    PLAIN = "plain"  # nothing speaks for or against it
    UNFINISHED = "unfinished"
    UNHEARD = "unheard"  # no text yet


_OPEN_ZH = (
    "和|跟|與|及|或|或是|或者|還有|以及|把|被|在|從|往|因為|所以|但是|可是|不過|如果|雖然|而且|並且|然後|那個|"
    "就是說|因此|於是|給予|予以|服用|使用|診斷是|診斷為|改成|改為|第|嗯|呃|痾"
)
_OPEN_EN = "a|an|the|and|or|of|to|in|at|for|with|from|by|per|over|is|are|was|has|have|but|because|if|plus"
_OPEN = re.compile(rf"(?:{_OPEN_ZH}|\b(?:{_OPEN_EN})|[.:/／+\-，、；：,;])$", re.IGNORECASE)
_NUMERAL = "[0-9零一二兩三四五六七八九十百千萬半]"
_UNIT = "毫克|微克|公克|公斤|毫升|西西|公分|單位|小時|分鐘|mg|mcg|kg|g|ml|cc|%|顆|支|包|滴|次|天|度|分|下"
_CLOSED = re.compile(rf"(?:[？！?!了嗎呢吧囉喔啊耶]|{_NUMERAL}\s?(?:{_UNIT}))$", re.IGNORECASE)
_STOPS = "。.…"


def ending_of(heard: Heard) -> Ending:
    """Empty text is complete: nobody waits for more of nothing."""
    text = heard.text.rstrip()
    bare = text.rstrip(_STOPS)
    if not bare:
        return Ending.COMPLETE
    if _OPEN.search(bare) or bare.endswith("\ufffd"):
        return Ending.UNFINISHED
    return Ending.COMPLETE if _CLOSED.search(bare) and _is_sure(heard) else Ending.PLAIN


def _is_sure(heard: Heard) -> bool:
    last = heard.words[-1].probability if heard.words else None
    return last is None or last >= SURE
