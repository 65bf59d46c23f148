"""Two texts of one segment that must not run over each other: when they do, and what is told then.

A window stamps each of its texts ("<window>:<n>") and says which stamps it goes on from (`after`, parted by
spaces: a window that took over what a crashed one left names both). A draft is replaced only by a text that
knows of it: a later one of the same window, or one that goes on from it.

A refusal tells what is needed to go on: all three texts merged piece by piece (`pieces`), and from where the
merged text then starts (`version`, its text `start`, the draft's `stamp`). `phi` are the marks of `theirs`: a
page that takes of that text takes its marks as well, or a name would lose its mask.
"""

from dataclasses import asdict, dataclass, replace
from typing import NoReturn

from django.utils.translation import gettext as _

from accounts.models import User
from annotation.models import Draft, Label, Reading, Segment
from annotation.selectors.labels import newest_label
from annotation.selectors.readings import reading_given
from annotation.texts.merging import three_way
from base.errors import Conflict
from speech.text import prepare_label


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as a window sends it: where it started, and where it stands among other texts."""

    text: str
    base_text: str | None = None  # not said: the text of the version that it started from
    stamp: str = ""
    after: str = ""


def comes_late(draft: Draft, typed: Typed) -> bool:
    """A later text of the same window has overtaken this one on the way."""
    return _is_same_or_later(draft.stamp, typed.stamp)


def knows_of(draft: Draft, typed: Typed) -> bool:
    """Nothing in `draft` is lost when `typed` takes its place."""
    seen = [typed.stamp, *typed.after.split()]
    return (
        draft.stamp == typed.after  # both may be empty: a program that stamps nothing
        or draft.text == typed.text
        or any(_is_same_or_later(stamp, draft.stamp) for stamp in seen)
    )


def goes_on_from_blind(segment: Segment, newest: Label | None, user: User, typed: Typed) -> bool:
    """The label that `typed` would replace was never shown to this person: the page of their blind reading
    was answered as if it had made the first version, and goes on from its own text."""
    if newest is None or typed.base_text is None:
        return False
    given = reading_given(user, segment)
    return given is not None and prepare_label(typed.base_text) == given.text != newest.text


def raise_stale_version(
    segment: Segment, newest: Label | None, user: User, typed: Typed, version: int
) -> NoReturn:
    raise Conflict(
        "stale_version",
        _("Somebody has saved another version meanwhile. Both texts are shown."),
        **_told(segment, typed, newest.text if newest else segment_text(segment), version),
        phi=newest.phi if newest else [],
        version=segment.version,
        start=newest.text if newest else segment_text(segment),
        stamp=typed.after,
        author=_author(newest, user),
    )


def raise_stale_draft(segment: Segment, typed: Typed, version: int, draft: Draft | None = None) -> NoReturn:
    """`draft`: the one that stands in the way; without it, a label of this person does."""
    newest = newest_label(segment)
    theirs = draft.text if draft else newest.text if newest else ""
    told = _told(segment, typed, theirs, version)
    if draft is None:
        start = {"version": newest.version if newest else 0, "start": theirs}
    elif draft.base_version > version:
        start = {"version": draft.base_version, "start": draft.base_text}
    else:
        start = {"version": version, "start": told["base"]}
    raise Conflict(
        "stale_draft",
        _("A newer version of this text is saved already; this older one is not kept over it."),
        **told,
        **start,
        phi=draft.phi if draft else newest.phi if newest else [],
        stamp=draft.stamp if draft else "",
        author="",
    )


def raise_stale_reading(code: str, message: str, reading: Reading, typed: Typed) -> NoReturn:
    """This person has submitted another text, blind; they go on from that one, and see the label next."""
    if typed.base_text is None:  # as they first saw it: the segment may have been heard anew since
        typed = replace(typed, base_text=reading.hypothesis.text if reading.hypothesis else "")
    told = _told(reading.segment, typed, reading.text, version=0)
    start = {"version": reading.segment.version, "start": reading.text}
    raise Conflict(code, message, **told, **start, stamp=typed.after, author="")


def segment_text(segment: Segment, version: int = 0) -> str:
    """What the page of somebody who starts from `version` shows."""
    label = Label.objects.filter(segment=segment, version=version).first() if version else None
    return label.text if label else segment.hypothesis.text if segment.hypothesis else ""


def _told(segment: Segment, typed: Typed, theirs: str, version: int) -> dict[str, object]:
    base = segment_text(segment, version) if typed.base_text is None else typed.base_text
    pieces = three_way(*map(prepare_label, (base, typed.text, theirs)))
    return {
        "yours": typed.text,
        "theirs": theirs,
        "base": base,
        "pieces": [asdict(piece) | {"kind": piece.kind, "both": piece.both} for piece in pieces],
    }


def _author(label: Label | None, user: User) -> str:
    """Who wrote it; "" for the person themselves."""
    return "" if label is None or label.author_id == user.pk else label.author.get_username()


def _is_same_or_later(stamp: str, other: str) -> bool:
    """Of the same window, and not before `other`."""
    (window, number), (other_window, other_number) = _split(stamp), _split(other)
    return window != "" and window == other_window and number >= other_number


def _split(stamp: str) -> tuple[str, int]:
    window, _colon, number = stamp.rpartition(":")
    return (window, int(number)) if number.isdecimal() else ("", 0)
