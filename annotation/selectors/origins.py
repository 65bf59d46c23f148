"""What became of a segment that was split or joined, and what was written in those that it was made of."""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import User
from annotation.models import Draft, Label, Segment, SegmentStatus

FURTHEST = 20  # cuts behind one segment that are still looked through


@dataclass(frozen=True, slots=True)
class OriginText:
    """One text of a segment that is no longer there. `kind` is draft (the person's own), label or heard."""

    kind: str
    text: str
    start_ms: int
    end_ms: int


def first_successor(segment: Segment) -> Segment:
    """The segment that now stands where this one began; itself when it was not replaced."""
    while segment.status == SegmentStatus.REPLACED:
        following = segment.became.order_by("start_ms").first()
        if following is None:
            return segment
        segment = following
    return segment


def origin_texts(segment: Segment, user: User) -> list[OriginText]:
    """The newest first; nothing for a segment that was never cut. Other people's drafts stay theirs."""
    found = []
    for origin in _origins(segment):
        texts = [
            *(("draft", one.text) for one in Draft.objects.filter(segment=origin, author=user)),
            *(("label", one.text) for one in Label.objects.filter(segment=origin).order_by("-version")),
            *((("heard", origin.hypothesis.text),) if origin.hypothesis else ()),
        ]
        found += [OriginText(kind, text, origin.start_ms, origin.end_ms) for kind, text in texts if text]
    return found


def _origins(segment: Segment) -> Iterator[Segment]:
    waiting, seen = [segment], {segment.pk}
    while waiting and len(seen) <= FURTHEST:
        for origin in waiting.pop(0).made_from.select_related("hypothesis").order_by("-id"):
            if origin.pk not in seen:
                seen.add(origin.pk)
                waiting.append(origin)
                yield origin
