"""A draft that its author gives up. Saving one stands beside submitting, in `annotation.services.labels`."""

from accounts.models import User
from accounts.selectors import require_role
from annotation.models import Draft, Segment
from annotation.selectors.segments import EDITORS


def draft_discard(*, user: User, segment: Segment) -> None:
    """After a conflict the person kept the other text; their own is not to come back on the next visit."""
    require_role(user, *EDITORS, site=segment.recording.site)
    Draft.objects.filter(segment=segment, author=user).delete()
