"""A blind reading is claimed at whatever sites the person corrects."""

from accounts.models import User
from annotation.models import Segment
from annotation.selectors.queue import sites_by_best
from annotation.services.readings import reading_claim_next


def blind_claim(user: User) -> Segment | None:
    return reading_claim_next(user=user, sites=sites_by_best(user))
