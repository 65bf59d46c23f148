"""Why a segment is served, in words. The codes are made by `annotation.ranking.reasons`."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

PLAIN = {
    "mixed_language": gettext_lazy("two languages"),
    "random_sample": gettext_lazy("random sample"),
    "flag_repetition": gettext_lazy("the draft repeats itself"),
    "flag_impossible_rate": gettext_lazy("more words than can be said in that time"),
    "flag_known_phrase": gettext_lazy("a phrase that models invent"),
    "flag_words_without_speech": gettext_lazy("words where nobody speaks"),
    "flag_speech_without_words": gettext_lazy("speech that was not written"),
}
MOST = 3


def sentences(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """The strongest few; a code that this version does not know is left out."""
    return [text for text in map(sentence, reasons) if text][:MOST]


def sentence(reason: Mapping[str, Any]) -> str:
    code, count = reason.get("code", ""), int(reason.get("count", 0))
    if code == "likely_errors":
        return ngettext("about %(n)s likely error", "about %(n)s likely errors", count) % {"n": count}
    if code == "doubtful_words":
        return ngettext("%(n)s doubtful word", "%(n)s doubtful words", count) % {"n": count}
    if code == "few_words":
        return ngettext("%(n)s character may be missing", "%(n)s characters may be missing", count) % {
            "n": count
        }
    if code == "rare_term":
        return _("rare term %(term)s") % {"term": reason.get("term", "")}
    if code == "seen_before":
        return _("the same draft stands elsewhere in this recording")
    if code == "noisy":
        return _("noisy, %(snr)s dB above the background") % {"snr": reason.get("snr_db", "?")}
    return str(PLAIN.get(code, ""))
