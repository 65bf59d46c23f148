"""The correction page's requests where the segment is a blind reading: the same forms, other services."""

from accounts.models import User
from annotation.models import Reading, Segment
from annotation.selectors.readings import as_first_seen, reading_in_hand, reading_of
from annotation.services.readings import reading_heartbeat


def blind_reading(user: User, segment: Segment, version: int = 0) -> Reading | None:
    """This person's reading of the segment. A page that was opened with a version has seen the text."""
    if version:
        return None
    return reading_of(user, segment)


def opened_blind(user: User, segment: Segment) -> Segment | None:
    """The segment as it was first seen, with the lease renewed; None for who is not reading it blind."""
    reading = reading_in_hand(user, segment)
    if reading is None:
        return None
    reading.lease_expires_at = reading_heartbeat(user=user, reading=reading)
    return as_first_seen(reading)
