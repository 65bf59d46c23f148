"""The measurement of load, while the device's thread adds to it."""

import sys
import threading
from collections.abc import Iterator

import pytest

from inference.engine.load import LoadMeter
from inference.engine.queue import Lane


@pytest.fixture
def threads_that_switch_all_the_time() -> Iterator[None]:
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("threads_that_switch_all_the_time")
def test_work_may_be_told_while_it_is_measured() -> None:
    meter, told = LoadMeter(), 20_000

    def work() -> None:
        for _ in range(told):
            meter.worked(Lane.FINAL, 0.0, 0.0001, 0.5)

    device = threading.Thread(target=work)
    device.start()
    while device.is_alive():
        meter.measured(1.0)
    assert meter.measured(1.0).finals_share == pytest.approx(told * 0.0001 / meter.window_s)


def test_what_is_older_than_the_window_counts_no_more() -> None:
    meter = LoadMeter()
    meter.worked(Lane.FINAL, 0.0, 1.0, 0.5)
    meter.worked(Lane.PARTIAL, 1.0, 3.0, 0.0)
    measured = meter.measured(1.5 + meter.window_s)
    assert (measured.finals_share, measured.final_wait_s) == (0.0, 0.0)
    assert measured.busy_share == pytest.approx(1.5 / meter.window_s)
