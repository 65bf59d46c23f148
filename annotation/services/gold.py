"""Gold: a reviewer vouches for a text, it is frozen and served hidden; or it is retired again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.selectors import require_role
from annotation.models import GoldItem, LabelStatus, Segment, SegmentStatus
from audit.services import entry_add
from base.errors import Conflict


def gold_declare(*, user: User, segment: Segment) -> GoldItem:
    """The newest text that stands, with the draft that its first author saw. Again after it was retired, too.

    Raises Forbidden and Conflict `not_corrected`.
    """
    site = segment.recording.site
    require_role(user, Role.REVIEWER, site=site)
    with transaction.atomic():
        current = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
        standing = current.labels.exclude(status=LabelStatus.REJECTED)
        newest = standing.order_by("-version").first()
        if newest is None or current.status != SegmentStatus.DONE:
            raise Conflict("not_corrected", _("Only a corrected text can become a gold text."))
        first = standing.order_by("version").first()
        gold, _created = GoldItem.objects.update_or_create(
            segment=current,
            defaults={
                "site": site,
                "text": newest.text,
                "hypothesis": first.hypothesis if first else None,
                "declared_by": user,
                "retired_at": None,
            },
        )
        entry_add(actor=user, verb="gold_declared", target=gold, site=site, segment=str(segment.uuid))
    return gold


def gold_retire(*, user: User, gold: GoldItem) -> None:
    """Served to nobody any more; what experts made of it stays."""
    require_role(user, Role.REVIEWER, site=gold.site)
    with transaction.atomic():
        if not GoldItem.objects.filter(pk=gold.pk, retired_at=None).update(retired_at=timezone.now()):
            raise Conflict("already_decided", _("This text is not a gold text any more."))
        entry_add(actor=user, verb="gold_retired", target=gold, site=gold.site)
