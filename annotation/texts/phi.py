"""Stretches of a text that tell who a patient is: checked, carried through edits, found again, masked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from rapidfuzz.distance import Levenshtein

MOST = 50  # in one text
# Short ones ("王", "3") stand in too many other places to be masked wherever they do.
SHORTEST_REPEATED = 2


@dataclass(frozen=True, slots=True, order=True)
class PhiSpan:
    """Characters `start` to `end` (code points, end exclusive) of a text."""

    start: int
    end: int
    kind: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def spans_of(stored: Iterable[Mapping[str, Any]]) -> list[PhiSpan]:
    return [PhiSpan(int(one["start"]), int(one["end"]), str(one["kind"])) for one in stored]


def checked(stored: Any, text: str, kinds: Iterable[str]) -> list[PhiSpan]:
    """What a browser sent -> spans in order. Raises ValueError for what cannot be a list of them."""
    if not isinstance(stored, list) or len(stored) > MOST:
        raise ValueError("no list of spans")
    spans, allowed = [], set(kinds)
    for one in stored:
        if not isinstance(one, dict) or set(one) != {"start", "end", "kind"} or one["kind"] not in allowed:
            raise ValueError("no span")
        start, end = one["start"], one["end"]
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
            raise ValueError("a span outside the text")
        spans.append(PhiSpan(start, end, one["kind"]))
    spans.sort()
    if any(left.end > right.start for left, right in pairwise(spans)):
        raise ValueError("spans that overlap")
    return spans


def carried(spans: Iterable[PhiSpan], before: str, after: str) -> list[PhiSpan]:
    """The spans in a text that was changed; one of which nothing is left is gone."""
    kept = _kept(before, after)
    found = []
    for span in spans:
        places = [kept[i] for i in range(span.start, span.end) if i in kept]
        if places:
            found.append(PhiSpan(places[0], places[-1] + 1, span.kind))
    return found


def within(spans: Iterable[PhiSpan], start: int, end: int) -> list[PhiSpan]:
    """Those of a part of the text, counted from its start; one across an edge of the part is cut."""
    return [
        PhiSpan(max(span.start, start) - start, min(span.end, end) - start, span.kind)
        for span in spans
        if span.start < end and start < span.end
    ]


def moved(spans: Iterable[PhiSpan], by: int) -> list[PhiSpan]:
    return [PhiSpan(span.start + by, span.end + by, span.kind) for span in spans]


def united(spans: Iterable[PhiSpan], more: Iterable[PhiSpan]) -> list[PhiSpan]:
    """What one of the two marks is marked: those that share letters become one, of the first one's kind."""
    found = list(spans)
    for one in more:
        near = [other for other in found if other.start < one.end and one.start < other.end]
        start, end = min(s.start for s in [one, *near]), max(s.end for s in [one, *near])
        apart = [other for other in found if other not in near]
        found = [*apart, PhiSpan(start, end, (near or [one])[0].kind)]
    return sorted(found)


def masked(text: str, spans: Iterable[PhiSpan]) -> str:
    """Each span as its kind: 病人[NAME]血壓偏高."""
    parts, at = [], 0
    for span in sorted(spans):
        parts += [text[at : span.start], f"[{span.kind.upper()}]"]
        at = span.end
    return "".join([*parts, text[at:]])


def repeated(text: str, spans: Sequence[PhiSpan], known: Mapping[str, str]) -> list[PhiSpan]:
    """The spans, and every other place where a tagged stretch of the same recording stands (`known`: text to
    kind): a name that was tagged once must not be read elsewhere."""
    found = list(spans)
    for said in sorted(known, key=len, reverse=True):
        if len(said) < SHORTEST_REPEATED:
            continue
        for match in re.finditer(re.escape(said), text, re.IGNORECASE):
            found = united(found, [PhiSpan(*match.span(), known[said])])
    return sorted(found)


def _kept(before: str, after: str) -> dict[int, int]:
    """Where each character that stayed, or was written over by another, stands now."""
    kept = {}
    for step in Levenshtein.opcodes(before, after):
        if step.tag in ("equal", "replace"):
            for i, j in zip(
                range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
            ):
                kept[i] = j
    return kept
