"""What counts as growing."""

import pytest

from benchmarks.soak.growth import growth


def test_a_flat_series_with_a_warm_up_does_not_grow():
    points = [(float(s), 50.0 if s < 100 else 100.0) for s in range(0, 1000, 10)]
    found = growth(points, from_s=100)
    assert found is not None
    assert (found.difference, found.share) == (0, pytest.approx(0, abs=1e-9))


def test_a_leak_is_seen_by_its_slope_and_its_ends():
    points = [(float(s), 100 + s / 360) for s in range(0, 7200, 60)]  # 10 an hour
    found = growth(points, from_s=0)
    assert found is not None
    assert found.per_hour == pytest.approx(10)
    assert found.share == pytest.approx(0.2, rel=0.02)
    assert found.most == pytest.approx(20, rel=0.02)


def test_a_saw_tooth_is_no_leak():
    points = [(float(s), 100.0 + s % 20) for s in range(0, 4000, 5)]
    found = growth(points, from_s=0)
    assert found is not None
    assert abs(found.share) < 0.02


def test_nothing_is_said_of_a_few_points():
    assert growth([(0, 1.0), (10, 1.0), (20, 1.0)], from_s=0) is None
