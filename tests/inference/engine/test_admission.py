"""Who is let in and what is left out, on a clock that jumps."""

import pytest

from inference.engine.admission import Admission
from inference.engine.load import LoadMeter, Measured
from inference.engine.queue import Lane


def _pressed(admission: Admission, measured: Measured, from_s: int, seconds: int) -> int:
    """One measurement a second -> the second after the last."""
    for at_s in range(from_s, from_s + seconds):
        admission.update(measured, at_s)
    return from_s + seconds


BUSY = Measured(speakers=4, busy_share=0.95, finals_share=0.3)
CALM = Measured(speakers=1, busy_share=0.1, finals_share=0.05)


def test_capacity_is_what_the_finals_of_one_speaker_cost() -> None:
    admission = Admission()
    _pressed(admission, Measured(speakers=4, busy_share=0.3, finals_share=0.2), 0, 1)
    assert admission.capacity == pytest.approx(0.6 / 0.05)


def test_a_first_estimate_gives_way_to_what_is_measured() -> None:
    admission = Admission()
    admission.estimate(0.3)
    assert admission.capacity == pytest.approx(2)
    _pressed(admission, Measured(speakers=4, busy_share=0.3, finals_share=0.2), 0, 300)
    assert admission.capacity == pytest.approx(12, rel=0.01)


def test_the_cold_first_decode_is_not_taken_for_what_a_speaker_costs() -> None:
    admission = Admission()
    for real_time_factor in (2.0, 0.03, 0.05):
        admission.estimate(real_time_factor)
    assert admission.capacity == pytest.approx(20)
    _pressed(admission, Measured(speakers=4, busy_share=0.3, finals_share=0.4), 0, 300)
    admission.estimate(0.01)  # people are here: they are what is measured
    assert admission.capacity == pytest.approx(6, rel=0.01)


def test_over_capacity_a_new_speaker_is_refused_and_an_old_one_never() -> None:
    admission = Admission()
    full = Measured(speakers=3, busy_share=0.7, finals_share=0.65)
    admission.update(Measured(speakers=2, busy_share=0.4, finals_share=0.3), 0)
    assert admission.admit("early", 0)
    _pressed(admission, full, 0, 120)
    assert admission.is_full
    assert not admission.admit("late", 120)
    assert admission.admit("early", 120)
    assert admission.admit("from another engine", 120, was_admitted=True)


def test_it_opens_again_only_well_below_its_capacity() -> None:
    admission = Admission()
    _pressed(admission, Measured(speakers=10, busy_share=0.7, finals_share=0.6), 0, 1)
    assert admission.is_full
    _pressed(admission, Measured(speakers=9, busy_share=0.6, finals_share=0.54), 1, 5)
    assert admission.is_full
    _pressed(admission, Measured(speakers=8, busy_share=0.5, finals_share=0.48), 6, 1)
    assert not admission.is_full


def test_somebody_is_always_served_however_slow_the_machine() -> None:
    admission = Admission()
    admission.estimate(5.0)
    admission.update(Measured(), 0)
    assert admission.admit("only", 0)
    admission.update(Measured(speakers=1, busy_share=1.0, finals_share=1.0, final_wait_s=9), 1)
    assert not admission.admit("second", 1)


def test_pressure_rises_a_step_at_a_time_while_the_device_is_busy() -> None:
    admission, seen = Admission(), []
    for at_s in range(60):
        admission.update(BUSY, at_s)
        seen.append(admission.pressure)
    assert seen[7] == 0
    assert sorted(seen) == seen
    assert set(seen) == {0, 1, 2, 3}


def test_a_burst_changes_nothing() -> None:
    admission, at_s = Admission(), 0
    for _ in range(10):
        at_s = _pressed(admission, BUSY, at_s, 5)
        at_s = _pressed(admission, CALM, at_s, 5)
    assert admission.pressure == 0


def test_finals_that_wait_are_pressure_even_where_the_device_rests() -> None:
    admission = Admission()
    _pressed(admission, Measured(speakers=2, busy_share=0.5, finals_share=0.3, final_wait_s=3), 0, 10)
    assert admission.pressure == 1


def test_pressure_falls_later_than_it_rose_and_between_the_bounds_it_stays() -> None:
    admission = Admission()
    at_s = _pressed(admission, BUSY, 0, 17)
    assert admission.pressure == 2
    at_s = _pressed(admission, Measured(speakers=4, busy_share=0.7, finals_share=0.3), at_s, 100)
    assert admission.pressure == 2
    at_s = _pressed(admission, CALM, at_s, 10)
    assert admission.pressure == 2
    _pressed(admission, CALM, at_s, 40)
    assert admission.pressure == 0


def test_a_speaker_is_who_spoke_lately_not_who_is_connected() -> None:
    meter = LoadMeter()
    meter.spoke("a", 0)
    meter.spoke("b", 20)
    assert meter.measured(20).speakers == 1


def test_batch_work_is_no_reason_to_refuse_a_speaker() -> None:
    meter = LoadMeter(window_s=8)
    meter.worked(Lane.BATCH, 0, 6, 0)
    meter.worked(Lane.FINAL, 6, 8, 0.4)
    measured = meter.measured(8)
    assert measured.busy_share == measured.finals_share == pytest.approx(2 / 8)
    assert measured.final_wait_s == 0.4


def test_work_is_forgotten_after_its_window() -> None:
    meter = LoadMeter(window_s=8)
    meter.worked(Lane.FINAL, 0, 4, 0)
    assert meter.measured(10).finals_share == pytest.approx(2 / 8)
    assert meter.measured(13).finals_share == 0


def test_a_promised_place_counts_until_its_speaker_is_heard_or_does_not_come() -> None:
    meter = LoadMeter()
    meter.promise(0)
    meter.promise(1)
    assert meter.measured(2).promised == 2
    meter.spoke("a", 3)
    meter.spoke("a", 4)
    assert (meter.measured(5).promised, meter.measured(5).speakers) == (1, 1)
    assert meter.measured(16).promised == 0


def test_a_crowd_that_comes_at_once_is_not_let_in_on_one_figure() -> None:
    admission = Admission()
    admission.estimate(0.2)  # three fit
    admission.update(Measured(promised=2), 0)
    assert not admission.is_full
    admission.update(Measured(promised=3), 0)
    assert admission.is_full
    assert admission.capacity == pytest.approx(3)  # nothing is learned from people who have not spoken
