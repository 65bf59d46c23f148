"""Fields of many rows stored at once: every kind of value that a segment has, and nothing else of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Segment
from base.rows import rows_update
from tests.factories import make_hypothesis, make_recording, make_segment

pytestmark = pytest.mark.django_db


def test_named_fields_are_stored_and_no_others() -> None:
    recording = make_recording()
    rows = [make_segment(recording, 2000 * at, 2000 * at + 1500) for at in range(3)]
    now = timezone.now()
    for at, row in enumerate(rows[:2]):
        row.hypothesis = make_hypothesis(row, "草稿", current=False)
        row.priority, row.reasons, row.status = at / 3, [{"code": "病", "count": at}], "open"
        row.lease_expires_at = now + timedelta(seconds=at) if at else None
        row.snr_db = 99.0
    rows_update(rows[:2], ["hypothesis", "priority", "reasons", "status", "lease_expires_at"])
    stored = list(Segment.objects.filter(recording=recording).order_by("start_ms"))
    for row, found in zip(rows[:2], stored[:2], strict=True):
        assert (found.hypothesis, found.priority, found.reasons) == (
            row.hypothesis,
            row.priority,
            row.reasons,
        )
        assert (found.status, found.lease_expires_at) == ("open", row.lease_expires_at)
        assert found.snr_db is None
    assert stored[2].hypothesis is None and stored[2].priority == 0


def test_no_rows_are_no_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        rows_update([], ["priority"])
