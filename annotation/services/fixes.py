"""One correction carried into the drafts that wait, and taken back."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import Segment, SegmentStatus, WordFix
from annotation.models.fixes import LONGEST
from annotation.selectors.segments import EDITORS, segments_for_user
from audit.services import entry_add
from base.errors import DomainError


def word_fix_apply(
    *, user: User, segment: Segment, wrong: str, right: str, segments: Collection[UUID]
) -> WordFix:
    """Puts `wrong` right in the drafts of `segments`, which are of the site of `segment`.

    What was taken up or written in meanwhile is left alone, and so are hypotheses. Raises DomainError
    `bad_fix`, `nothing_to_fix`.
    """
    require_role(user, *EDITORS, site=segment.recording.site)
    wrong, right = _one_line(wrong), _one_line(right)
    if not wrong or not right or wrong == right or max(len(wrong), len(right)) > LONGEST:
        message = _("Name a word and what it should be, each at most %(limit)s characters long.")
        raise DomainError("bad_fix", message % {"limit": LONGEST})
    waiting = segments_for_user(user).filter(
        site=segment.site_id, uuid__in=list(segments), status=SegmentStatus.OPEN, version=0
    )
    with transaction.atomic():
        named = list(waiting)
        if not named:
            raise DomainError("nothing_to_fix", _("None of these segments is waiting any more."))
        fix = WordFix.objects.create(site=segment.site, author=user, wrong=wrong, right=right)
        fix.segments.set(named)
        entry_add(
            actor=user,
            verb="word_fix_applied",
            target=fix,
            site=segment.site,
            wrong=wrong,
            right=right,
            segments=len(named),
        )
    return fix


def word_fix_undo(*, user: User, fix: WordFix) -> None:
    """The drafts say again what the model heard. What was corrected meanwhile stays as it was written."""
    require_role(user, *EDITORS, site=fix.site)
    with transaction.atomic():
        if WordFix.objects.filter(pk=fix.pk, undone_at=None).update(undone_at=timezone.now()):
            entry_add(actor=user, verb="word_fix_undone", target=fix, site=fix.site)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
