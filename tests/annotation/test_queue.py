"""Who gets which segment: best first, one person each, by lease; skip and unusable are different things."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Role
from annotation.models import Segment, SegmentStatus, Skip
from annotation.services import leases, queue
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from tests.factories import (
    Cast,
    make_hypothesis,
    make_label,
    make_recording,
    make_segment,
    make_site,
    make_user,
)

LONG_AGO = timezone.now() - timedelta(hours=1)


def offered(cast: Cast, *priorities: float, **fields: object) -> list[Segment]:
    recording = make_recording(cast.site)
    return [make_segment(recording, text="草稿", priority=value, **fields) for value in priorities]


def colleague(cast: Cast):
    return make_user(Role.EXPERT, site=cast.site)


def test_the_best_segment_comes_first(cast: Cast) -> None:
    _low, best, _middle = offered(cast, 0.1, 0.9, 0.5)
    claimed = queue.segment_claim_next(user=cast.annotator)
    assert claimed == best
    assert (claimed.status, claimed.claimed_by) == (SegmentStatus.CLAIMED, cast.annotator)


def test_a_reload_gives_the_same_segment_again(cast: Cast) -> None:
    offered(cast, 0.1, 0.9)
    first = queue.segment_claim_next(user=cast.annotator)
    assert queue.segment_claim_next(user=cast.annotator) == first


def test_two_people_get_two_segments(cast: Cast) -> None:
    offered(cast, 0.1, 0.9)
    assert queue.segment_claim_next(user=cast.annotator) != queue.segment_claim_next(user=cast.reviewer)


def test_an_empty_queue_gives_nothing(cast: Cast) -> None:
    offered(cast, 0.5, status=SegmentStatus.WAITING)
    offered(cast, 0.5, status=SegmentStatus.UNUSABLE)
    offered(cast, 0.5, status=SegmentStatus.DONE)
    assert queue.segment_claim_next(user=cast.annotator) is None


def test_only_editors_of_the_site_are_served(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    for person in (cast.engineer, cast.clinician, cast.outsider):
        assert queue.segment_claim_next(user=person) is None
        for act in (queue.segment_claim, queue.segment_skip, queue.segment_reopen):
            with pytest.raises(Forbidden):
                act(user=person, segment=segment)
    assert queue.segment_claim_next(user=cast.reviewer) == segment


def test_one_of_several_sites_can_be_chosen(cast: Cast) -> None:
    other = make_site()
    Membership.objects.create(user=cast.annotator, site=other, role=Role.EXPERT)
    (here,) = offered(cast, 0.1)
    there = make_segment(make_recording(other), text="草稿", priority=0.9)
    assert queue.segment_claim_next(user=cast.annotator, site=cast.site) == here
    assert queue.segment_claim_next(user=cast.annotator, site=other) == there
    assert queue.segment_claim_next(user=cast.annotator, site=make_site()) is None


def test_a_lease_that_ran_out_goes_to_the_next_person_after_the_open_ones(cast: Cast) -> None:
    (abandoned,) = offered(
        cast, 0.9, status=SegmentStatus.CLAIMED, claimed_by=cast.reviewer, lease_expires_at=LONG_AGO
    )
    (open_one,) = offered(cast, 0.1)
    assert queue.segment_claim_next(user=cast.annotator) == open_one
    assert queue.segment_claim_next(user=colleague(cast)) == abandoned
    abandoned.refresh_from_db()
    assert abandoned.lease_expires_at > timezone.now()


def test_whoever_comes_back_late_finds_their_segment_if_nobody_took_it(cast: Cast) -> None:
    (mine,) = offered(
        cast, 0.1, status=SegmentStatus.CLAIMED, claimed_by=cast.annotator, lease_expires_at=LONG_AGO
    )
    offered(cast, 0.9)
    assert queue.segment_claim_next(user=cast.annotator) == mine


def test_a_live_lease_is_respected(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim(user=cast.annotator, segment=segment)
    assert queue.segment_claim_next(user=cast.reviewer) is None
    with pytest.raises(Conflict) as refusal:
        queue.segment_claim(user=cast.reviewer, segment=segment)
    assert refusal.value.code == "held_by_other"


def test_a_heartbeat_renews_the_lease_until_somebody_else_has_come(cast: Cast, settings) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim(user=cast.annotator, segment=segment)
    Segment.objects.update(lease_expires_at=LONG_AGO)
    assert leases.segment_heartbeat(user=cast.annotator, segment=segment) > timezone.now()
    segment.refresh_from_db()
    left_s = (segment.lease_expires_at - timezone.now()).total_seconds()
    assert settings.AUSCULT_LEASE_S - 5 < left_s <= settings.AUSCULT_LEASE_S
    Segment.objects.update(lease_expires_at=LONG_AGO)
    assert queue.segment_claim_next(user=cast.reviewer) == segment
    with pytest.raises(Conflict) as refusal:
        leases.segment_heartbeat(user=cast.annotator, segment=segment)
    assert refusal.value.code == "lease_lost"


def test_released_means_free_at_once_and_only_by_its_holder(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim(user=cast.annotator, segment=segment)
    assert not queue.segment_release(user=cast.reviewer, segment=segment)
    assert queue.segment_release(user=cast.annotator, segment=segment)
    assert not queue.segment_release(user=cast.annotator, segment=segment)
    assert queue.segment_claim_next(user=cast.reviewer) == segment


def test_a_skipped_segment_is_for_the_others(cast: Cast) -> None:
    best, second = offered(cast, 0.9, 0.1)
    queue.segment_claim_next(user=cast.annotator)
    queue.segment_skip(user=cast.annotator, segment=best)
    assert queue.segment_claim_next(user=cast.annotator) == second
    assert queue.segment_claim_next(user=cast.reviewer) == best
    assert Entry.objects.filter(verb="segment_skipped", actor=cast.annotator).count() == 1


def test_skips_can_be_taken_back(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_skip(user=cast.annotator, segment=segment)
    queue.segment_skip(user=cast.annotator, segment=segment)
    queue.segment_skip(user=cast.reviewer, segment=segment)
    assert queue.segment_claim_next(user=cast.annotator) is None
    assert queue.skips_clear(user=cast.annotator) == 1
    assert queue.segment_claim_next(user=cast.annotator) == segment
    assert Skip.objects.count() == 1


def test_unusable_is_for_everybody_and_has_a_reason(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim(user=cast.annotator, segment=segment)
    with pytest.raises(DomainError) as refusal:
        queue.segment_mark_unusable(user=cast.annotator, segment=segment, reason="boring")
    assert refusal.value.code == "unknown_reason"
    queue.segment_mark_unusable(user=cast.annotator, segment=segment, reason="overlap", note="two nurses")
    segment.refresh_from_db()
    assert (segment.status, segment.unusable_reason) == (SegmentStatus.UNUSABLE, "overlap")
    assert segment.claimed_by is None
    assert queue.segment_claim_next(user=cast.reviewer) is None
    assert Entry.objects.get(verb="segment_marked_unusable").detail == {
        "reason": "overlap",
        "note": "two nurses",
    }


def test_only_who_holds_a_segment_may_call_it_unusable(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim(user=cast.annotator, segment=segment)
    with pytest.raises(Conflict):
        queue.segment_mark_unusable(user=cast.reviewer, segment=segment, reason="overlap")
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.CLAIMED


def test_an_unusable_segment_can_be_reopened_once(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5, status=SegmentStatus.UNUSABLE, unusable_reason="cut")
    with pytest.raises(Conflict) as refusal:
        queue.segment_claim(user=cast.annotator, segment=segment)
    assert refusal.value.code == "unusable"
    queue.segment_reopen(user=cast.reviewer, segment=segment)
    with pytest.raises(Conflict):
        queue.segment_reopen(user=cast.reviewer, segment=segment)
    claimed = queue.segment_claim_next(user=cast.annotator)
    assert claimed == segment and claimed.unusable_reason == ""


def test_a_corrected_segment_is_handed_out_without_a_lease(cast: Cast) -> None:
    label = make_label(*offered(cast, 0.5))
    again = queue.segment_claim(user=cast.reviewer, segment=label.segment)
    assert (again.status, again.claimed_by) == (SegmentStatus.DONE, None)


def test_a_segment_without_a_draft_is_not_ready(cast: Cast) -> None:
    waiting = make_segment(make_recording(cast.site), status=SegmentStatus.WAITING)
    with pytest.raises(Conflict) as refusal:
        queue.segment_claim(user=cast.annotator, segment=waiting)
    assert refusal.value.code == "not_ready"


def test_the_claim_finds_its_segment_by_the_index(cast: Cast) -> None:
    """Measured with 300,000 segments: a walk over another site's queue takes a second, a sort more."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's plan depends on how many rows there are; the benchmark measures it")
    Membership.objects.create(user=cast.annotator, site=make_site(), role=Role.EXPERT)
    with CaptureQueriesContext(connection) as asked:
        queue.segment_claim_next(user=cast.annotator)
    statements = [query["sql"] for query in asked if "annotation_segment" in query["sql"]]
    plans = [plan_of(one) for one in statements if "annotation_reading" not in one]
    # Which site, what is held; at each site the best open one, the best reserved one, the best abandoned one.
    assert len(plans) == 2 + 3 * 2
    for plan in plans:
        assert "INDEX segment_queue (site_id=? AND status=?" in plan or "INDEX segment_leases (" in plan, plan
        assert "SCAN annotation_segment" not in plan, plan
        # What one person holds may be sorted: it is a handful. A queue must not be.
        assert "segment_leases" in plan or "FOR ORDER BY" not in plan, plan
    of_readings = [plan_of(query["sql"]) for query in asked if "annotation_reading" in query["sql"]]
    assert of_readings and all("INDEX reading_" in plan for plan in of_readings)


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        return " ".join(row[3] for row in cursor.fetchall())


def test_what_was_heard_meanwhile_is_shown_when_a_segment_comes_back(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    held = queue.segment_claim_next(user=cast.annotator)
    newer = make_hypothesis(segment, "新的草稿", current=False, speech_rates_cps={"all": 4.0})
    assert queue.segment_claim(user=cast.annotator, segment=held).hypothesis != newer  # not under their hands
    queue.segment_release(user=cast.annotator, segment=held)
    segment.refresh_from_db()
    assert (segment.hypothesis, segment.speech_rate_cps) == (newer, 4.0)
    assert segment.expected_seconds > 0


def test_what_was_heard_meanwhile_is_shown_to_who_takes_over(cast: Cast) -> None:
    (segment,) = offered(cast, 0.5)
    queue.segment_claim_next(user=cast.annotator)
    Segment.objects.update(lease_expires_at=LONG_AGO)
    newer = make_hypothesis(segment, "新的草稿", current=False, speech_rates_cps={"all": 4.0})
    taken = queue.segment_claim_next(user=cast.reviewer)
    assert taken is not None and taken.hypothesis == newer
