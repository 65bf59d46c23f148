"""Rows for a person: found and allowed, or a 404 that does not tell which of the two it was."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Role, User
from annotation.models import Recording, Segment
from annotation.selectors.recordings import recordings_for_user
from annotation.selectors.segments import segments_for_user
from base.errors import NotFound

CORRECTORS = (Role.EXPERT, Role.REVIEWER)


def segment_of(user: User, uuid: UUID, *roles: Role) -> Segment:
    segments = segments_for_user(user, *roles).select_related("recording__site", "hypothesis")
    segment = segments.filter(uuid=uuid).first()
    if segment is None:
        raise NotFound("segment_unknown", _("There is no such segment at your sites."))
    return segment


def heard_segment_of(user: User, uuid: UUID) -> Segment:
    """For listening: whoever may see the recording may hear its segments."""
    segments = Segment.objects.filter(recording__in=recordings_for_user(user), uuid=uuid)
    segment = segments.select_related("recording", "hypothesis").first()
    if segment is None:
        raise NotFound("segment_unknown", _("There is no such segment at your sites."))
    return segment


def recording_of(user: User, uuid: UUID) -> Recording:
    recording = recordings_for_user(user).select_related("site").filter(uuid=uuid).first()
    if recording is None:
        raise NotFound("recording_unknown", _("There is no such recording at your sites."))
    return recording
