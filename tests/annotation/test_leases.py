"""Leases and reservations: what is kept for a person, and how it comes back when they are gone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from annotation.models import Segment, SegmentStatus
from annotation.services import leases, queue
from base.errors import Conflict
from tests.factories import Cast, make_hypothesis, make_recording, make_segment, make_site, make_user


def offered(cast: Cast, *priorities: float) -> list[Segment]:
    recording = make_recording(cast.site)
    return [make_segment(recording, text="草稿", priority=value) for value in priorities]


def test_the_next_three_are_reserved_in_their_order(cast: Cast) -> None:
    rows = offered(cast, 9, 8, 7, 6, 5)
    held = queue.segment_claim_next(user=cast.annotator)
    assert list(leases.segments_reserve(user=cast.annotator)) == rows[1:4]
    for row in rows[1:4]:  # what was promised is what comes
        queue.segment_skip(user=cast.annotator, segment=held)
        held = queue.segment_claim_next(user=cast.annotator)
        assert held == row


def test_others_pass_over_what_is_reserved(cast: Cast) -> None:
    rows = offered(cast, 9, 8, 7, 6, 5)
    leases.segments_reserve(user=cast.annotator)
    assert queue.segment_claim_next(user=cast.reviewer) == rows[3]
    assert list(leases.segments_reserve(user=cast.reviewer)) == rows[4:]


def test_a_reservation_hides_nothing_from_who_has_nothing_else(cast: Cast) -> None:
    """A queue of three must not look empty to the second expert."""
    rows = offered(cast, 9, 8, 7)
    leases.segments_reserve(user=cast.annotator)
    assert queue.segment_claim_next(user=cast.reviewer) == rows[0]
    assert list(leases.segments_reserve(user=cast.annotator)) == rows[1:]


def test_a_better_segment_that_comes_in_goes_first(cast: Cast) -> None:
    offered(cast, 9, 8, 7)
    leases.segments_reserve(user=cast.annotator)
    (better,) = offered(cast, 10)
    assert queue.segment_claim_next(user=cast.annotator) == better


def test_a_reservation_ends_by_itself(cast: Cast) -> None:
    rows = offered(cast, 9, 8)
    leases.segments_reserve(user=cast.annotator)
    Segment.objects.update(reserved_until=timezone.now() - timedelta(seconds=1))
    assert queue.segment_claim_next(user=cast.reviewer) == rows[0]


def test_reservations_span_the_sites_of_a_person(cast: Cast) -> None:
    other = make_site()
    Membership.objects.create(user=cast.annotator, site=other, role=Role.EXPERT)
    here = offered(cast, 9, 6)
    there = make_segment(make_recording(other), text="草稿", priority=8)
    assert list(leases.segments_reserve(user=cast.annotator)) == [here[0], there, here[1]]


def test_a_closed_page_frees_its_segment_soon_and_its_reservations_now(cast: Cast) -> None:
    rows = offered(cast, 9, 8)
    held = queue.segment_claim_next(user=cast.annotator)
    leases.segments_reserve(user=cast.annotator)
    assert leases.segment_leave(user=cast.annotator, segment=held, lease=held.lease_expires_at)
    held.refresh_from_db()
    assert held.lease_expires_at <= timezone.now() + timedelta(seconds=leases.LEAVE_S)
    assert queue.segment_claim_next(user=cast.reviewer) == rows[1]


def test_a_farewell_that_comes_after_the_reload_changes_nothing(cast: Cast) -> None:
    offered(cast, 9)
    held = queue.segment_claim_next(user=cast.annotator)
    before = held.lease_expires_at
    Segment.objects.update(lease_expires_at=before + timedelta(seconds=2))  # the reload has renewed it
    assert not leases.segment_leave(user=cast.annotator, segment=held, lease=before)
    assert not leases.segment_leave(user=cast.reviewer, segment=held, lease=before + timedelta(seconds=2))
    held.refresh_from_db()
    assert held.lease_expires_at == before + timedelta(seconds=2)


def test_what_the_absent_held_comes_back_with_a_colleagues_heartbeat(cast: Cast) -> None:
    best, second = offered(cast, 9, 8)
    abandoned = queue.segment_claim_next(user=cast.annotator)
    newer = make_hypothesis(abandoned, "新的草稿", current=False, speech_rates_cps={"all": 4.0})
    theirs = queue.segment_claim_next(user=cast.reviewer)
    Segment.objects.filter(pk=best.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    leases.segment_heartbeat(user=cast.reviewer, segment=theirs)
    best.refresh_from_db()
    assert (best.status, best.claimed_by, best.hypothesis) == (SegmentStatus.OPEN, None, newer)
    second.refresh_from_db()
    assert (second.status, second.claimed_by) == (SegmentStatus.CLAIMED, cast.reviewer)
    assert queue.segment_claim_next(user=make_user(Role.EXPERT, site=cast.site)) == best


def test_a_heartbeat_that_comes_late_does_not_bring_back_what_was_skipped(cast: Cast) -> None:
    offered(cast, 9)
    held = queue.segment_claim_next(user=cast.annotator)
    queue.segment_skip(user=cast.annotator, segment=held)
    with pytest.raises(Conflict):
        leases.segment_heartbeat(user=cast.annotator, segment=held)
    assert queue.segment_claim_next(user=cast.annotator) is None


def test_whoever_wakes_up_goes_on_with_the_draft_they_see(cast: Cast) -> None:
    """Their own lease ran out, nobody came: the heartbeat renews it and leaves the page's draft alone."""
    offered(cast, 9)
    held = queue.segment_claim_next(user=cast.annotator)
    make_hypothesis(held, "新的草稿", current=False, speech_rates_cps={"all": 4.0})
    Segment.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    leases.segment_heartbeat(user=cast.annotator, segment=held)
    held.refresh_from_db()
    assert held.hypothesis.text == "草稿"
    assert held.claimed_by == cast.annotator


@pytest.mark.parametrize("person", ["engineer", "clinician", "outsider"])
def test_nothing_is_reserved_for_who_does_not_correct_there(cast: Cast, person: str) -> None:
    offered(cast, 9)
    assert not leases.segments_reserve(user=getattr(cast, person))
