"""Segments and recordings for a person, by their uuid."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Role, User
from annotation.models import Recording, Segment
from annotation.selectors.recordings import recordings_for_user
from annotation.selectors.segments import segments_for_user
from base.loading import found

CORRECTORS = (Role.EXPERT, Role.REVIEWER)


def segment_of(user: User, uuid: UUID, *roles: Role) -> Segment:
    segments = segments_for_user(user, *roles).select_related("recording__site", "hypothesis")
    return found(segments, uuid, "segment_unknown", _("There is no such segment at your sites."))


def heard_segment_of(user: User, uuid: UUID) -> Segment:
    """For listening: whoever may see the recording may hear its segments."""
    segments = Segment.objects.filter(recording__in=recordings_for_user(user))
    segments = segments.select_related("recording", "hypothesis")
    return found(segments, uuid, "segment_unknown", _("There is no such segment at your sites."))


def recording_of(user: User, uuid: UUID) -> Recording:
    recordings = recordings_for_user(user).select_related("site")
    return found(recordings, uuid, "recording_unknown", _("There is no such recording at your sites."))
