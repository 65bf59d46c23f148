"""The queue in figures: exact where that is cheap, kept for a while where a million rows would be counted."""

import pytest
from django.core.cache import cache

from annotation.models import SegmentStatus
from annotation.selectors import queue_summary, summary
from annotation.services.queue import segment_skip
from tests.factories import Cast, make_recording, make_segment


@pytest.fixture
def keeping(settings: object) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # type: ignore[attr-defined]
    cache.clear()


def test_a_count_that_was_cheap_is_exact_the_next_moment(cast: Cast, keeping: None) -> None:
    recording = make_recording(cast.site)
    for count in range(3):
        assert queue_summary(cast.annotator)["open"] == count
        make_segment(recording)


def test_a_count_that_was_costly_is_kept(
    cast: Cast, keeping: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr(summary, "WORTH_KEEPING_S", 0.0)
    monkeypatch.setattr(summary, "KEPT_FOR", 1e6)
    segment = make_segment(make_recording(cast.site), expected_seconds=10)
    counted = summary.site_counts(cast.site.pk)
    make_segment(segment.recording)
    with django_assert_num_queries(0):
        assert summary.site_counts(cast.site.pk) == counted == {SegmentStatus.OPEN: (1, 10.0)}
    segment_skip(user=cast.annotator, segment=segment)  # what concerns the person stays exact
    assert queue_summary(cast.annotator)["open"] == 0
