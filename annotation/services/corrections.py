"""What a speaker made of their own words on the live page, put where experts find it."""

from accounts.models import User
from accounts.selectors import has_role
from annotation.models import Hypothesis, Label, Segment
from annotation.selectors.labels import newest_label
from annotation.selectors.segments import EDITORS
from annotation.services.hypotheses import hypothesis_add
from annotation.services.labels import label_submit
from base.errors import Conflict
from speech import types

SPEAKER_REF = "speaker"  # stands where a model's name would: the person who said it


def correction_add(*, user: User, segment: Segment, text: str) -> Label | Hypothesis:
    """A label where the person may correct and nobody else has; otherwise a suggestion beside the draft.

    The draft stays the model's: what a label's origin and the calibration are computed from must be what
    a model heard. Safe to repeat.
    """
    newest = newest_label(segment) if segment.version else None
    if newest and newest.author_id == user.pk and newest.text == text:
        return newest
    mine = newest is None or newest.author_id == user.pk
    if mine and has_role(user, *EDITORS, site=segment.recording.site):
        try:
            return label_submit(
                user=user, segment=segment, text=text, version=segment.version, active_edit_ms=0
            )
        except Conflict:  # in somebody's hands, split, or marked as unusable: it is said to them beside it
            pass
    known = segment.hypotheses.filter(asked_by=user, model_ref=SPEAKER_REF, text=text).first()
    return known or hypothesis_add(
        segment=segment,
        heard=types.Hypothesis(text),
        flags=[],
        model_ref=SPEAKER_REF,
        adapter_ref="",
        settings={"by": "speaker"},
        asked_by=user,
    )
